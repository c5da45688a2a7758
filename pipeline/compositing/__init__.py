"""From a scene to pixels.

Foregrounds ready to be placed (`foreground`, `cutout`), where each stands (`place`,
`arrange`), and how they are painted and measured (`blend`, `composite`, `standing`). Pure
functions of arrays and drawn numbers: no files, no randomness of its own.

Other rooms use: `arrange`, `composite`, `cutout`, `foreground`, `place`, `placed_object`,
`blend`, `standing`.
"""
