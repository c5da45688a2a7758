"""Drawn cars and scenes with exact depth: a leaf.

For newcomers (`sample-data`), for lessons and for tests. It imports no other room of
depthmask.

Other rooms use: `cars`, `close_ups`, `sample_data`, `scenery`, `scenes`, `textures`.
"""
