"""Names: of samples within a shard, and of shards within a folder."""

from collections.abc import Callable, Mapping

KeyOf = Callable[[int], str]
"""The key of the sample at a row of a shard."""

SPLITS = ("train", "val", "test")
LISTED_SPLITS = "train, val or test"
BACKGROUND = "background"


def counts_in_words(samples: Mapping[str, int]) -> str:
    """Samples by split: "900 train and 100 val", and test where there are any."""
    train, val, test = (f"{samples[split]:,} {split}" for split in SPLITS)
    return f"{train}, {val} and {test}" if samples["test"] else f"{train} and {val}"


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
