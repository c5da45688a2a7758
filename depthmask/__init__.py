"""Composite, mask and depth data sets, and the networks that are trained on them."""
