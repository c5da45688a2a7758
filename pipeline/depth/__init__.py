"""Depth for a sample.

Teachers (`teachers/`, one file a family), their networks (`networks/`), and layered depth
put together from one map a source. torch is imported only where a teacher is loaded.

Other rooms use: `layer_cache`, `layers`, `merge_layers`.
"""
