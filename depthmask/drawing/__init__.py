"""Drawn cut-outs and scenes with exact depth: a leaf.

For newcomers (`sample-data`), the teacher's training examples and tests. It imports no other
room of depthmask.

Other rooms use: `close_ups`, `sample_data`, `scenery`, `scenes`, `textures`.
"""
