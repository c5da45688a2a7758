"""Which files can be sources, and their pixels.

Find, pair with alpha files, check by header, decode, take apart. A file may come from a stranger:
nothing is decoded before its header says what that takes.

Other rooms use: `alpha`, `canvas`, `check`, `cut_outs`, `decode`, `decontaminate`, `examination`,
`headers`, `parts`, `roles`, `sandbox`, `source`, `source_bytes`.
"""
