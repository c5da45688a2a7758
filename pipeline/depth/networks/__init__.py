"""Encoders and decoders that teachers and trained networks share.

It is in `pipeline` because imports only go down: `depthmask.models` builds on it too.
Nothing here knows what a teacher or a training is.

Other rooms use: `backbones`, `batch_norm_folding`, `decoder`, `densedepth_net`, `lite_net`.
"""
