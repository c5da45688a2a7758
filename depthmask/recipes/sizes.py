"""Sides of the training pictures that change during a training: no torch."""

import math
from bisect import bisect
from typing import NamedTuple

from depthmask.losses.loss_terms import parse_length
from shards.base.errors import InputError

LEAST, LARGEST = 32, 4096


class SizePlan(NamedTuple):
    """Sides by part of the training: `sides[i]` until the share `ends[i]` is done."""

    sides: tuple[int, ...]
    ends: tuple[float, ...]

    def at(self, done: float) -> int:
        """The side when a share `done` of the training is over."""
        return self.sides[bisect(self.ends[:-1], done)]

    @property
    def last(self) -> int:
        """The side that the network is for: scores and checkpoints are of this one."""
        return self.sides[-1]


def parse_sizes(where: str, text: str) -> list[tuple[int, float | None]]:
    """Sides and how long each lasts of "SIDE:LENGTH,SIDE:LENGTH"; InputError names `where`."""
    sizes = []
    for part in text.split(","):
        side, colon, length = (word.strip() for word in part.partition(":"))
        if not (side.isdecimal() and LEAST <= int(side) <= LARGEST):
            raise InputError(
                where,
                expected=f"sides of {LEAST} to {LARGEST} pixels, as in 64:4,128:6,224:2",
                found=side or "nothing",
                remedy="write SIDE:LENGTH,SIDE:LENGTH",
            )
        sizes.append((int(side), parse_length(where, length) if colon else None))
    return sizes


def total_length(sizes: list[tuple[int, float | None]]) -> float | None:
    """How long all sizes last together; None where the last takes the rest."""
    total = sum(math.nan if length is None else length for _, length in sizes)
    return None if math.isnan(total) else total
