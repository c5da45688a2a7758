"""Losses and metrics of masks and depth: tensors or arrays in, one figure an image out.

Which losses there are and how they are written is here too, without torch
(`loss_terms`).

Other rooms use: `loss_terms`, `losses`, `metrics`.
"""
