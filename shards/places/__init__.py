"""Where a data set lies: a local folder, or an address on an object store.

Addresses are parsed, opened and cached here and nowhere else. A place knows files, not
what is in them.

Other rooms use: `cache`, `object_store`, `outputs`.
"""
