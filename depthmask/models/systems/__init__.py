"""The five earlier systems, A to E, as networks: one file a system, from their layer tables.

Each takes normalised composites and backgrounds (B, 3, H, W) whose sides are multiples of
its stride, and gives an `Output` as depthmask's own network does.

Other rooms use: `net`.
"""
