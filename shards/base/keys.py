"""Names: of samples within a shard, and of shards within a folder."""

from collections.abc import Callable

KeyOf = Callable[[int], str]
"""The key of the sample at a row of a shard."""

SPLITS = ("train", "val")
BACKGROUND = "background"


def sample_key(split: str, position: int) -> str:
    """The key of a sample ("train-000000012"), or of a background (its position alone)."""
    return f"{position:09d}" if split == BACKGROUND else f"{split}-{position:09d}"


def shard_name(split: str, number: int, ending: str) -> str:
    """The file name of shard `number` of a split: "train-000000.tar"."""
    return f"{split}-{number:06d}.{ending}"


def record_name(shard: str) -> str:
    """The file name of a shard's commit record."""
    return shard.rpartition(".")[0] + ".json"


def keys_from(split: str, first: int) -> KeyOf:
    """The keys of a shard whose first sample has position `first`."""
    return lambda row: sample_key(split, first + row)
