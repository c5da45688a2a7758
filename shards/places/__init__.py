"""Where a data set is stored: a local folder, or an address on an object store.

A place is made from text once, at the edge; readers and builds use it without asking which of the
two it is. Addresses are parsed, opened and cached here and nowhere else. A place knows files, not
their contents.

Other rooms use: `bucket`, `local_folder`, `object_store`, `outputs`, `place`.
"""
