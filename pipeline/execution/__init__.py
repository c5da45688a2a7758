"""Where and when shards are made.

An engine is one function `(job, tasks, counters)` that yields results as they end;
`engines` names them. A task carries a shard's number and gives back a record: pixels
never pass through a scheduler. What a shard shows is decided in `rendering`.

Other rooms use: `engines`, `job`, `production`.
"""
