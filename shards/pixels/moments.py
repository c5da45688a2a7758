"""Exact moments: integer sums that merge in any order, and the mean and std they give."""

import dataclasses
import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EXACT_ROWS = 2**24 // 255**2


@dataclasses.dataclass(frozen=True, slots=True)
class Moments:
    """Per channel: count, sum and sum of squares of integer pixel values, exactly.

    Merging is addition of Python integers, so it is associative, commutative and never rounds:
    mean and std do not depend on workers, order, resumes or shard sizes.
    """

    channels: tuple[tuple[int, int, int], ...]

    def __add__(self, other: "Moments") -> "Moments":
        if not self.channels or not other.channels:
            return self if self.channels else other
        both = zip(self.channels, other.channels, strict=True)
        return Moments(tuple([(n + m, s + t, q + r) for (n, s, q), (m, t, r) in both]))

    def mean(self, largest: int) -> list[float]:
        """Mean per channel of value / largest, correctly rounded."""
        return [float(Fraction(s, n * largest)) for n, s, _ in self.channels]

    def std(self, largest: int) -> list[float]:
        """Population standard deviation per channel of value / largest."""
        return [
            math.sqrt(Fraction(n * q - s * s, n * n * largest * largest))
            for n, s, q in self.channels
        ]

    def fits(self, largest: int) -> bool:
        """Whether pixels of 0 to `largest` can have these sums."""
        return all(
            total <= largest * count and squares <= largest * total
            for count, total, squares in self.channels
        )

    def to_json(self) -> list[list[int]]:
        """[[n, sum, sum of squares] per channel]."""
        return [list(channel) for channel in self.channels]

    @classmethod
    def from_json(cls, rows: Sequence[Sequence[int]]) -> "Moments":
        """The inverse of `to_json`."""
        return cls(tuple((int(n), int(s), int(q)) for n, s, q in rows))


NOTHING = Moments(())


def moments_of_bytes(pixels: NDArray[np.uint8]) -> Moments:
    """Moments by channel of uint8 pixels (H, W, C) or (H, W).

    Sums are taken in float32 over at most 258 rows at a time, where every partial sum is an
    integer below 2^24: exact in any order, and half the time of a histogram. Not as products
    of matrices: those go to BLAS, which starts threads of its own.
    """
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    rows = pixels.reshape(pixels.shape[0], -1)  # (H, W * C)
    both = np.zeros((2, rows.shape[1]))
    for start in range(0, len(rows), _EXACT_ROWS):
        part = rows[start : start + _EXACT_ROWS].astype(np.float32)
        both[0] += np.add.reduce(part)
        both[1] += np.einsum("ij,ij->j", part, part)
    by_channel = both.reshape(2, -1, channels).transpose(0, 2, 1)  # (2, C, W)
    sums, squares = np.ascontiguousarray(by_channel).sum(axis=2).tolist()  # copied: 4 times faster
    count = pixels.size // channels
    return Moments(tuple((count, int(s), int(q)) for s, q in zip(sums, squares, strict=True)))


def moments_of_codes(codes: NDArray[Any]) -> Moments:
    """Moments of one channel of unsigned codes up to 16 bits, any shape.

    Sums are taken in float64, where every partial sum is an integer below 2^53: exact for up to
    2^21 codes at a time, and many times faster than integer products.
    """
    count, total, squares = 0, 0, 0
    flat = codes.reshape(-1)
    for start in range(0, flat.size, 1 << 21):
        part = flat[start : start + (1 << 21)].astype(np.float64)
        count += part.size
        total += int(part.sum())
        squares += int(np.einsum("i,i->", part, part))
    return Moments(((count, total, squares),))
