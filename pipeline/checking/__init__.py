"""What `verify` finds.

Samples drawn again and compared with what is stored, and the findings in words and in
JSON. The checks of a file against its record are in `shards.checking`.

Other rooms use: `findings`, `redraw`.
"""
