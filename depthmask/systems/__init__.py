"""The five earlier systems, A to E, as networks: one file a system, built from their layer tables.

Each takes normalised composites and backgrounds (B, 3, H, W) whose sides are multiples of its
stride, and gives an `Output` as the network of depthmask does. `table.py` names them.
"""
