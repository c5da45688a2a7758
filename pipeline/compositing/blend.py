"""How an object's edges are joined with what is behind it: a row in a table a way."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.placed_object import PlacedObject

Canvas = NDArray[np.uint8]
"""(H, W, 3)."""


def paint(canvas: Canvas, placed: PlacedObject) -> None:
    """Paint an object over a canvas uint8 (H, W, 3), in place, as its `blend` says.

    Outside the canvas and wherever its alpha is 0, nothing changes.
    """
    inside, picture = cut_to_canvas(placed, canvas.shape[1::-1])
    _BLENDS[placed.blend](canvas[inside], picture)


def cut_to_canvas(
    placed: PlacedObject, canvas: tuple[int, ...]
) -> tuple[tuple[slice, slice], Image.Image]:
    """The rows and columns of the canvas that an object covers, and its picture there."""
    x, y, width, height = placed.box
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, canvas[0]), min(y + height, canvas[1])
    picture = placed.picture
    if (left, top, right, bottom) != (x, y, x + width, y + height):
        picture = picture.crop((left - x, top - y, right - x, bottom - y))
    return (slice(top, bottom), slice(left, right)), picture


def _paint_alpha(region: Canvas, picture: Image.Image) -> None:
    """The picture over the region, as its alpha says."""
    joined = Image.frombytes("RGB", picture.size, region.tobytes())
    joined.paste(picture, (0, 0), picture)
    region[:] = np.asarray(joined)


_BLENDS: dict[str, Callable[[Canvas, Image.Image], None]] = {"alpha": _paint_alpha}
