"""A trained network in use: predict, evaluate, export, depth of single pictures.

Reads checkpoints and never changes them.

Other rooms use: `depth`, `evaluation`, `exporting`, `options`, `prediction`, `predictor`,
`run_card`, `run_scores`, `sample_scores`, `sheets`.
"""
