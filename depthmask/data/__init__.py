"""From samples to batches.

Decode ahead of the network, bring to size, augment. The only room between data sets and
tensors.

Other rooms use: `batch`, `batches`, `samples`.
"""
