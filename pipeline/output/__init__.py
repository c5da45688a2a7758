"""The folder that a build or a conversion writes to.

Whose it is, who holds its lock, which shards are done, how it grows, and in which order files
are put on an object store. Shards arrive here finished.

Other rooms use: `folder`, `lock`, `staging`, `target`, `upload`.
"""
