"""Where a data set is stored: a local folder, or an address on an object store.

Addresses are parsed, opened and cached here and nowhere else. A place knows files, not
their contents.

Other rooms use: `cache`, `object_store`, `outputs`.
"""
