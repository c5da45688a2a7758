"""Sums of a stored background by tiles, so that a composite's are found from what changed.

A JPEG stores blocks of 16 pixels that know nothing of each other, except that colour, which is
stored at half the size, is smoothed across their borders when it is scaled up, by one pixel. So a
composite and its background, stored alike, decode to equal pixels farther from the object.
"""

import numpy as np
from numpy.typing import NDArray

from shards.moments import Moments, moments_of_bytes, sums_of_bytes

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels."""

_TILE, _BLOCK = 8, 16


def reach(box: Box, side: int) -> tuple[slice, slice]:
    """Rows and columns, in whole tiles, that may decode otherwise when a box has changed."""
    x, y, width, height = box
    spans = []
    for first, length in ((y, height), (x, width)):
        begin = first // _BLOCK * _BLOCK - _TILE
        end = -(-(first + length) // _BLOCK) * _BLOCK + _TILE
        spans.append(slice(max(0, begin), min(side, end)))
    return spans[0], spans[1]


class TileSums:
    """Sums of values and of squares of pixels uint8 (S, S, 3), over any rectangle of tiles."""

    def __init__(self, pixels: NDArray[np.uint8]) -> None:
        self.moments = moments_of_bytes(pixels)
        side = len(pixels)
        edges = np.arange(0, side, _TILE)
        values = pixels.astype(np.int64)
        both = np.concatenate([values, values * values], axis=2)  # (S, S, 6)
        tiles = np.add.reduceat(np.add.reduceat(both, edges), edges, axis=1)  # (t, t, 6)
        self._below = np.zeros((len(edges) + 1, len(edges) + 1, 6), np.int64)
        self._below[1:, 1:] = tiles.cumsum(axis=0).cumsum(axis=1)

    @property
    def nbytes(self) -> int:
        """What the sums take in memory."""
        return self._below.nbytes

    def of_composite(self, pixels: NDArray[np.uint8], box: Box) -> Moments:
        """Moments of a decoded composite (S, S, 3): the background but for what `box` reaches."""
        rows, columns = reach(box, len(pixels))
        (top, bottom), (left, right) = (
            (span.start // _TILE, -(-span.stop // _TILE)) for span in (rows, columns)
        )
        table = self._below
        hidden = table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]
        gone = hidden.tolist()  # 3 sums, 3 sums of squares
        shown = sums_of_bytes(pixels[rows, columns])
        parts = zip(self.moments.channels, gone[:3], gone[3:], *shown, strict=True)
        return Moments(
            tuple((n, total - s + t, squares - q + r) for (n, total, squares), s, q, t, r in parts)
        )
