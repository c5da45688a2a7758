"""The folder that a build or a conversion writes to.

Whose it is, who holds its lock, which shards are done, its log, how it grows, and how a finished
one is put on an object store. Shards arrive here finished.

Other rooms use: `event_log`, `folder`, `lock`, `plain_files`, `target`, `upload`.
"""
