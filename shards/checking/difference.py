"""How much two versions of a shard differ, in decoded pixels."""

import dataclasses
from pathlib import Path

import numpy as np

from shards.base.errors import DamagedShardError
from shards.base.files import sha256_of
from shards.base.keys import keys_from
from shards.base.retrying import retry_passing
from shards.checking.audit import UNDECODABLE, Rules
from shards.pixels.fields import DECODERS
from shards.records.layout import ShardTask
from shards.stores.table import Shard, open_shard


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Pixels that differ (in any channel, over all fields), of how many that could be compared.

    `unreadable` counts the samples that could not be compared.
    """

    pixels: int
    compared: int
    unreadable: int

    def __str__(self) -> str:
        text = f"{self.pixels:,} of {self.compared:,} decoded pixels differ"
        if self.unreadable:
            text += f"; {self.unreadable:,} damaged samples could not be compared"
        return text


def shard_difference(
    old: Path, new: Path, task: ShardTask, rules: Rules, recorded: str
) -> Difference:
    """The difference between two versions of a shard; `old` may be damaged or missing.

    A damaged LMDB file is not opened, because its pages may point anywhere: it must have the
    `recorded` SHA-256. Damage in a tar stays in the sample that it hits.
    """
    keys = keys_from(task.split, task.first)
    try:
        if rules.format == "lmdb" and retry_passing(old, lambda: sha256_of(old)) != recorded:
            return Difference(pixels=0, compared=0, unreadable=task.samples)
        before = open_shard(rules.format, old, keys, task.samples)
    except (DamagedShardError, FileNotFoundError):
        return Difference(pixels=0, compared=0, unreadable=task.samples)
    after = open_shard(rules.format, new, keys, task.samples)
    pixels = compared = unreadable = 0
    try:
        for row in range(task.samples):
            try:
                differing, size = _compare(before, after, row)
                pixels, compared = pixels + differing, compared + size
            except UNDECODABLE:
                unreadable += 1
    finally:
        before.close()
        after.close()
    return Difference(pixels=pixels, compared=compared, unreadable=unreadable)


def _compare(before: Shard, after: Shard, row: int) -> tuple[int, int]:
    differing = compared = 0
    for field in after.fields:
        if field == "json":
            continue
        b = DECODERS[field](after.get(row, field))
        a = DECODERS[field](before.get(row, field), (b.shape[1], b.shape[0]))
        unequal = a != b
        if unequal.ndim == 3:
            unequal = unequal.any(axis=2)  # (H, W, C) -> (H, W)
        differing += int(np.count_nonzero(unequal))
        compared += unequal.size
    return differing, compared
