"""One training: its loop, its step, and what its run folder holds.

`loop` reads as the table of contents. What is lowered is in `losses`, what a training is
asked for in `recipes`, what batches are made of in `data`.

Other rooms use: `epoch_scores`, `loop`, `step`.
"""
