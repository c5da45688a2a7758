"""The names of the stores, which are also the endings of shard files: every other place asks here.

A new one is a name here and a row in the tables of `shards/stores/table.py`.
"""

from typing import Literal, get_args

Format = Literal["tar", "lmdb"]
FORMATS: tuple[Format, ...] = get_args(Format)
