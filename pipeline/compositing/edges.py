"""Positions that an object may have: whole on the canvas, or across one of its edges."""

import numpy as np
from numpy.typing import NDArray

from shards.base.size import Size

_LEAST = 4
"""Of an object across an edge at least one pixel in so many is inside."""


def position_across(own: NDArray[np.bool_], draw: float, canvas: Size) -> tuple[int, int]:
    """One of all positions, each equally likely, of an object with `own` pixels, bool (h, w).

    In this order, row by row: those inside the canvas, then those across its left, right, top and
    bottom edge, each across that edge alone with at least a quarter of its own pixels inside.
    """
    (height, width), (wide, high) = own.shape, canvas
    columns, rows = wide - width + 1, high - height + 1
    left, right, top, bottom = (
        _steps(own.sum(axis=axis)[::way]) for axis, way in ((0, 1), (0, -1), (1, 1), (1, -1))
    )
    spans = (
        (0, 0, columns, rows),
        (-left, 0, left, rows),
        (columns, 0, right, rows),
        (0, -top, columns, top),
        (0, rows, columns, bottom),
    )
    number = int(draw * sum(across * down for _, _, across, down in spans))
    for x, y, across, down in spans:
        if number < across * down:
            return x + number % across, y + number // across
        number -= across * down
    raise ValueError("a draw is under 1")


def _steps(lost: NDArray[np.int64]) -> int:
    """How many steps an object may be moved across an edge, by the pixels each step takes off."""
    gone = np.cumsum(lost)[:-1]  # the last step would take all of it
    total = int(lost.sum())
    return int(np.count_nonzero(_LEAST * (total - gone) >= total)) if total else 0
