"""From a scene to pixels.

Where an object stands (`place`), the object ready to be placed (`foreground`), and how it
is joined to its background (`blend`). Pure functions of arrays and drawn numbers: no
files, no randomness of its own.

Other rooms use: `blend`, `foreground`, `place`.
"""
