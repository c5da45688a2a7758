"""An object that stands on the canvas, and what is measured on it."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """An object and its own pixels: bool (h, w) over its box, also beyond the canvas."""

    placed: PlacedObject
    own: NDArray[np.bool_]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Measures:
    """What is measured on an object's own pixels; boxes are all 0 where there are none.

    `box` holds those inside the canvas, before others hide any; `visible_box` and `area` those
    that are seen, `visible` is their share of those inside; `truncation` the share outside.
    """

    box: Box
    visible_box: Box
    area: int
    visible: float
    truncation: float


def tight_box(pixels: NDArray[np.bool_], x: int = 0, y: int = 0) -> Box:
    """The smallest box around the true pixels of an array whose corner is at (x, y)."""
    columns, rows = (np.flatnonzero(pixels.any(axis=axis)) for axis in (0, 1))
    if not len(columns):
        return 0, 0, 0, 0
    left, top = int(columns[0]), int(rows[0])
    return x + left, y + top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
