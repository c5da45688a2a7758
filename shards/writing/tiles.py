"""Sums of a stored background by tiles, so that a composite's are found from what changed.

A JPEG stores blocks of 16 pixels that know nothing of each other, except that colour, which is
stored at half the size, is smoothed across their borders when it is scaled up, by one pixel. So a
composite and its background, stored alike, decode to equal pixels farther from the object.
"""

import numpy as np
from numpy.typing import NDArray

from shards.pixels.moments import Moments, moments_of_bytes, sums_of_bytes

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
        tiles = -(-len(pixels) // _TILE)
        margin = (0, tiles * _TILE - len(pixels))
        rows = np.pad(pixels, (margin, margin, (0, 0))).astype(np.float32)
        rows = rows.reshape(tiles, _TILE, -1)  # (S, S, 3) -> (t, 8, 8 t * 3)
        columns = np.stack([rows.sum(axis=1), np.einsum("ijk,ijk->ik", rows, rows)])
        by_tile = columns.reshape(2, tiles, tiles, _TILE, 3).transpose(3, 1, 2, 0, 4)
        sums = np.ascontiguousarray(by_tile).sum(axis=0).reshape(tiles, tiles, 6)  # below 2^24
        self._below = np.zeros((tiles + 1, tiles + 1, 6), np.int64)
        self._below[1:, 1:] = sums.astype(np.int64).cumsum(axis=0).cumsum(axis=1)

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
