"""From a scene to pixels.

Foregrounds ready to be placed (`foreground`, `cutout`, `turned`), where each stands (`place`,
`edges`, `arrange`), and how they are painted and measured (`blend`, `composite`, `standing`).
Pure functions of arrays and drawn numbers: no files, no randomness of its own.

Other rooms use: `angles`, `arrange`, `blend`, `composite`, `cutout`, `foreground`, `place`,
`placed_object`, `standing`, `turned`.
"""
