"""Sizes of the training pictures, and how they change during a training: no torch."""

import math
from bisect import bisect
from typing import NamedTuple

from depthmask.losses.loss_terms import parse_length
from shards.base.errors import InputError
from shards.base.size import Size, size_words

LEAST, LARGEST = 32, 4096


def with_shorter_side(size: Size, side: int) -> Size:
    """`size` (width, height) scaled until its shorter side is `side`: the other is rounded."""
    shorter = min(size)
    width, height = ((2 * side * length + shorter) // (2 * shorter) for length in size)
    return width, height


def scale_to(where: str, size: Size, side: int) -> Size:
    """`with_shorter_side`; InputError, at the option `where`, for a longer side over LARGEST."""
    scaled = with_shorter_side(size, side)
    if max(scaled) > LARGEST:
        raise InputError(
            where,
            expected=f"pictures of at most {LARGEST} pixels a side",
            found=size_words(scaled),
            remedy="choose a smaller shorter side",
        )
    return scaled


class SizePlan(NamedTuple):
    """Sizes by part of the training: `sizes[i]` (width, height) until the share `ends[i]`."""

    sizes: tuple[Size, ...]
    ends: tuple[float, ...]

    def at(self, done: float) -> Size:
        """The size when a share `done` of the training is over."""
        return self.sizes[bisect(self.ends[:-1], done)]

    @property
    def least(self) -> Size:
        """The smallest of all."""
        return min(self.sizes)

    @property
    def last(self) -> Size:
        """The size that the network is for: scores and checkpoints are of this one."""
        return self.sizes[-1]


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
