"""Finished data sets as sequences of samples.

Open one folder or several, take a split, get a sample, and decode a field when it is asked
for. No torch: batches are made in `depthmask.data`. Nothing is written except what a
place fetches into its own cache.

Other rooms use: `concat`, `dataset`, `open`, `order`, `recount`, `sample`, `sample_object`,
`split_sequence`.
"""
