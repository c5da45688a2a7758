"""One shard, made safely.

Encode samples, sum their pixels, store them, publish the file, then its commit record
(`shard_writer`); or copy a shard into another store (`transfer`). What a sample shows is
decided elsewhere.

Other rooms use: `encoding`, `shard_writer`, `transfer`.
"""
