"""A plan's samples, evaluated.

From options to a plan (`preparation`), from a plan and sources to a sample
(`renderer`), from samples to a shard (`shard_maker`), or to samples on the fly. No
processes and no retries: that is `execution`.

Other rooms use: `calibration`, `drawn_scene`, `on_the_fly`, `preparation`, `renderer`,
`shard_maker`, `site`, `versions`, `watcher`.
"""
