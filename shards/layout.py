"""How a data set is cut into shards: a function of its counts alone."""

import dataclasses
from collections.abc import Mapping

from shards.keys import shard_name


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ShardTask:
    """One shard to make: positions [first, first + samples) of a split (or of the backgrounds)."""

    name: str
    split: str
    first: int
    samples: int


def lay_out(counts: Mapping[str, int], per_shard: int, format: str) -> list[ShardTask]:
    """Every shard of `counts` (samples by split), in their order; only a last one can be short."""
    return [
        ShardTask(
            name=shard_name(split, first // per_shard, format),
            split=split,
            first=first,
            samples=min(per_shard, count - first),
        )
        for split, count in counts.items()
        for first in range(0, count, per_shard)
    ]
