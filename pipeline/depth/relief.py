"""An object's relief where it is placed: mirrored, turned, and taken at coarse pixels.

A layer is finer than any placement of it: the nearest of its values is taken.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.angles import cosine_and_sine
from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layers import ForegroundLayer, Map, mean_at_base
from shards.base.size import Size

_STEPS = 1 << 14
"""Relief is at most 1: in such steps, one more than it fits 16 bits, and is summed exactly."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Coarse pixels `columns` by `rows` (last exclusive) of a map of `size` over a `canvas`."""

    columns: tuple[int, int]
    rows: tuple[int, int]
    canvas: Size
    size: Size

    @property
    def steps(self) -> tuple[float, float]:
        """Pixels of the canvas in a coarse one, across and down."""
        return self.canvas[0] / self.size[0], self.canvas[1] / self.size[1]


def placed_relief(layer: ForegroundLayer, placed: PlacedObject, window: Window) -> Map:
    """The relief (rows, columns) of an upright object."""
    x, y, width, height = placed.box
    high, wide = layer.relief.shape
    across = _places(window.columns, x, width, window.steps[0], wide)
    down = _places(window.rows, y, height, window.steps[1], high)
    relief = layer.relief[:, ::-1] if placed.flip else layer.relief
    return relief.take(down, axis=0).take(across, axis=1)


def _places(
    window: tuple[int, int], start: int, length: int, step: float, count: int
) -> NDArray[np.intp]:
    """Which of `count` places along a side of the box the centres of coarse pixels fall on."""
    scale = count / length
    centres = np.arange(window[0] + 0.5, window[1]) * (step * scale) - start * scale
    return np.clip(centres, 0, count - 1).astype(np.intp)


def turned_relief(
    layer: ForegroundLayer,
    placed: PlacedObject,
    window: Window,
    centre: tuple[float, float],
    alpha: NDArray[np.uint16],
    foot: int,
) -> Map:
    """The relief (rows, columns) of a turned object, again in shares of its value at its base.

    Where the turned picture was cut to its alpha box is not known, but turning keeps the centre of
    alpha: pixels are found from there. `centre` is that of the turned picture, as shares of its
    box; `alpha` is the object's in the window, `foot` the row of its base there.
    """
    high, wide = layer.relief.shape
    width, height = placed.unturned
    right, below = (
        np.arange(first + 0.5, last) * step - (start + share * length)
        for (first, last), step, start, share, length in zip(
            (window.columns, window.rows),
            window.steps,
            placed.box[:2],
            centre,
            placed.box[2:],
            strict=True,
        )
    )
    cosine, sine = cosine_and_sine(placed.rotation)
    mirrored = 1 - layer.centre[0] if placed.flip else layer.centre[0]
    across = right[None] * cosine - below[:, None] * sine + mirrored * width  # (rows, columns)
    down = right[None] * sine + below[:, None] * cosine + layer.centre[1] * height
    columns = np.clip(across * (wide / width), 0, wide - 1).astype(np.intp)
    rows = np.clip(down * (high / height), 0, high - 1).astype(np.intp)
    relief = layer.relief[:, ::-1] if placed.flip else layer.relief
    turned = relief[rows, columns]
    steps = np.rint((turned + 1) * _STEPS).astype(np.uint16)
    base = np.float32(mean_at_base(steps, alpha, foot) / _STEPS)
    again: Map = (turned + 1) / base - 1
    return again
