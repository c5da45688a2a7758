"""Samples as pictures for people.

Boxes, outlines and names drawn over a sample (`overlay`), many samples on one sheet (`sheet`),
and the files of a sample's layers (`layer_files`). Nothing here decides a byte of a data set.

Other rooms use: `layer_files`, `sheet`.
"""
