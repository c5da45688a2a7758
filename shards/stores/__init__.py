"""How a shard file is laid out: tar or LMDB.

Each store gives the same functions, and `table` names them. They deal in keys and bytes:
pixels, plans and records are not known here.

Other rooms use: `table`.
"""
