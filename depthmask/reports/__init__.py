"""What is said of data sets, runs and machines after the fact.

Facts (`stats`, `doctor`), the surveys and charts of the HTML report, and its templates.
Nothing here changes what it reports on.

Other rooms use: `doctor`, `report`, `stats`.
"""
