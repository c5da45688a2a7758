"""An object's pixels as a polygon, and what a polygon cannot hold.

A polygon goes through the middles of an object's outermost pixels, as OpenCV's contours do: who
fills it, and draws its line, has the object's pixels again, and those of its holes.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from pipeline.labels.parts import number_parts

Points = NDArray[np.int64]
"""Pixels (N, 2), each x and y."""

_DIRECTIONS = ((1, 0), (1, 1), (0, 1), (-1, 1), (-1, 0), (-1, -1), (0, -1), (1, -1))
"""Clockwise from the right, as x and y."""


def _next_directions() -> list[int]:
    """Where an outline goes on, by the neighbours that are set and the direction it came in.

    The first set neighbour clockwise from the one that is known to be free.
    """
    table = []
    for neighbours in range(256):
        for came in range(8):
            begin = came + (6 if came % 2 else 7)
            turns = ((begin + turn) % 8 for turn in range(8))
            table.append(next((turn for turn in turns if neighbours >> turn & 1), -1))
    return table


_NEXT = _next_directions()


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """An object's pixels as outlines, one for each connected part, largest part first.

    A part in another's hole has none: who fills that one's outline has it. `hole_pixels` are what
    the outlines enclose that is not the object's.
    """

    outlines: list[Points]
    hole_pixels: int


def shape_of(pixels: NDArray[np.bool_]) -> Shape:
    """The outlines of what is set in `pixels` (H, W), clockwise, corners only."""
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    if not len(rows):
        return Shape([], 0)
    y, x = rows[0], columns[0]
    cut = np.pad(pixels[y : rows[-1] + 1, x : columns[-1] + 1], 1)
    labels = number_parts(cut, diagonal=True)
    around = number_parts(~cut, diagonal=False)  # 1 is the outside, from the corner
    outer = np.unique(labels[:, 1:][around[:, :-1] == 1])[1:]  # of which a left border is outside
    sizes = np.bincount(labels.ravel())
    order = sorted(outer.tolist(), key=lambda part: (-sizes[part], part))
    corner = np.array([x - 1, y - 1])
    outlines = [_outline(labels == part) + corner for part in order]
    return Shape(outlines, int(np.count_nonzero(around > 1)))


def _outline(part: NDArray[np.bool_]) -> Points:
    """The corners of the outline of one connected part, none of it at the border of (H, W)."""
    height, width = part.shape
    neighbours = np.zeros((height, width), np.uint8)
    for number, (x, y) in enumerate(_DIRECTIONS):
        neighbours |= np.roll(part, (-y, -x), (0, 1)).astype(np.uint8) << number
    around = neighbours.tobytes()
    steps = [y * width + x for x, y in _DIRECTIONS]
    start = at = int(np.argmax(part))
    first = direction = _NEXT[8 * around[at] + 1]
    corners = [start]
    while direction >= 0:
        at += steps[direction]
        following = _NEXT[8 * around[at] + direction]
        if at == start and following == first:
            break
        if following != direction:
            corners.append(at)
        direction = following
    return np.stack([np.array(corners) % width, np.array(corners) // width], 1)


def join_outlines(outlines: list[Points]) -> Points:
    """One polygon of all outlines, each tied to the nearest corner of those before it.

    The line that ties them is gone there and back.
    """
    joined = outlines[0]
    for outline in outlines[1:]:
        apart = ((joined[:, None] - outline[None]) ** 2).sum(2)  # (joined, outline)
        here, there = np.unravel_index(int(apart.argmin()), apart.shape)
        around = np.concatenate([np.roll(outline, -there, 0), outline[there : there + 1]])
        joined = np.concatenate([joined[: here + 1], around, joined[here:]])
    return joined
