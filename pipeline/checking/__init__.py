"""What `verify` finds.

Samples drawn again and compared with what is stored, the findings in words and in JSON, and
objects that found no place. The checks of a file against its record are in `shards.checking`.

Other rooms use: `findings`, `omissions`, `redraw`.
"""
