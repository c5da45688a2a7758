"""The JSON files of a data set, and what they must look like.

plan.json, one commit record a shard, dataset.json, and the README.md made from it. Readers
check every value before any is used.

Other rooms use: `card`, `categories`, `layout`, `manifest`, `mixture`, `schema`,
`source_identity`, `stats`.
"""
