"""The folder that a build or a conversion writes to.

Whose it is, who holds its lock, which shards are done, how it grows, and what goes up to
an object store in which order. Shards arrive here finished.

Other rooms use: `folder`, `lock`, `staging`, `target`, `upload`.
"""
