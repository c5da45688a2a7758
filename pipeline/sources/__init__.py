"""Which files can be sources, and their pixels.

Find, check by header, decode. A file may come from a stranger: nothing is decoded before
its header says what that takes.

Other rooms use: `alpha`, `canvas`, `decode`, `find`, `headers`, `roles`, `sandbox`,
`source_bytes`.
"""
