"""Descriptions of data sets, runs and machines.

Facts (`stats`, `doctor`), the surveys and charts of the HTML report, and its templates.
Nothing here changes what it reports on.

Other rooms use: `doctor`, `report`, `stats`.
"""
