"""How a data set is cut into shards: a function of its counts alone."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from shards.base.errors import InputError
from shards.base.keys import shard_name

MOST_SHARDS = 10**6
"""Shards of a split: their names have six digits."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ShardTask:
    """One shard to make: positions [first, first + samples) of a split (or of the backgrounds)."""

    name: str
    split: str
    first: int
    samples: int


def carries_background(options: Mapping[str, Any]) -> bool:
    """Whether each sample has a background of its own; then there are no shards of backgrounds."""
    views = options.get("bg_crop", 1) < 1 or options.get("bg_flip") or options.get("distractors")
    return bool(options["inline_backgrounds"] or views)


def keeps_instances(options: Mapping[str, Any]) -> bool:
    """Whether each sample says whose each pixel is: where there may be several objects."""
    _, most = options.get("objects", (1, 1))
    return bool(most > 1)


def lay_out(counts: Mapping[str, int], per_shard: int, format: str) -> list[ShardTask]:
    """Every shard of `counts` (samples by split), in their order; only a last one can be short.

    InputError where there are more than names of shards have numbers for.
    """
    most = max(counts.values()) if counts else 0
    if most > MOST_SHARDS * per_shard:
        raise InputError(
            "--samples-per-shard",
            expected=f"at most {MOST_SHARDS:,} shards a split",
            found=f"{-(-most // per_shard):,}",
            remedy=f"give at least {-(-most // MOST_SHARDS):,}",
        )
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
