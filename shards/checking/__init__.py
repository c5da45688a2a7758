"""Is a data set what its records say?

Whole shards against their records (`audit`), two versions of a shard against each other
(`difference`), and stored sums against a fresh count (`recompute`). Nothing here repairs
or writes: `pipeline` decides what to do about damage.

Other rooms use: `audit`, `difference`, `recompute`.
"""
