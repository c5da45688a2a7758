"""Pixels to bytes and back, and their exact sums.

Codecs, the meaning of depth codes, the fields of a sample, integer moments: functions of
arrays and bytes. Shards and records are not known here.

Other rooms use: `codecs`, `depth_coding`, `fields`, `moments`, `object_pixels`, `picture_files`.
"""
