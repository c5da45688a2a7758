"""The pixels of a polygon: its inside, and the line around it."""

import numpy as np
from numpy.typing import NDArray


def fill_polygon(points: NDArray[np.int64], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels (H, W) whose middle is in a polygon of pixels (N, 2), or that its line goes through.

    By the rule of even and odd, one pixel at a time, as slow as it is plain. Exact where all lines
    are level, upright or diagonal, as those of outlines are.
    """
    drawn = np.zeros(shape, np.bool_)
    edges = list(zip(points.tolist(), np.roll(points, -1, 0).tolist(), strict=True))
    for (x, y), (to_x, to_y) in edges:
        steps = max(abs(to_x - x), abs(to_y - y))
        for step in range(steps + 1):
            share = step / steps if steps else 0
            drawn[round(y + share * (to_y - y)), round(x + share * (to_x - x))] = True
    for row, column in np.argwhere(~drawn):
        crossed = sum(
            (y > row) != (to_y > row) and column < x + (row - y) * (to_x - x) / (to_y - y)
            for (x, y), (to_x, to_y) in edges
        )
        drawn[row, column] = crossed % 2 == 1
    return drawn
