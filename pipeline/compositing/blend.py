"""How an object's edges are joined with what is behind it: a row in a table a way."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject
from pipeline.compositing.poisson_blend import can_settle, settle
from pipeline.compositing.soft_blend import soften
from shards.base.size import Size

Canvas = NDArray[np.uint8]
"""(H, W, 3)."""


def paint(canvas: Canvas, placed: PlacedObject) -> None:
    """Paint an object over a canvas uint8 (H, W, 3), in place, as its `blend` says.

    Outside the canvas and wherever its alpha is 0, nothing changes.
    """
    shown = _BLENDS[placed.blend](canvas, placed)
    inside, picture = _cut(shown, placed.box, canvas.shape[1::-1])
    region = canvas[inside]
    joined = Image.frombytes("RGB", picture.size, region.tobytes())
    joined.paste(picture, (0, 0), picture)
    region[:] = np.frombuffer(joined.tobytes(), np.uint8).reshape(region.shape)


def blend_used(drawn: str, picture: Image.Image, box: Box, canvas: Size) -> str:
    """How a picture's edges are joined where `drawn` was drawn: alpha where that cannot be."""
    if drawn == "poisson" and not can_settle(picture, box, canvas):
        return "alpha"
    return drawn


def cut_to_canvas(
    placed: PlacedObject, canvas: tuple[int, ...]
) -> tuple[tuple[slice, slice], Image.Image]:
    """The rows and columns of the canvas that an object covers, and its picture there."""
    return _cut(placed.picture, placed.box, canvas)


def _cut(
    picture: Image.Image, box: Box, canvas: tuple[int, ...]
) -> tuple[tuple[slice, slice], Image.Image]:
    x, y, width, height = box
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, canvas[0]), min(y + height, canvas[1])
    if (left, top, right, bottom) != (x, y, x + width, y + height):
        picture = picture.crop((left - x, top - y, right - x, bottom - y))
    return (slice(top, bottom), slice(left, right)), picture


_BLENDS: dict[str, Callable[[Canvas, PlacedObject], Image.Image]] = {
    "alpha": lambda canvas, placed: placed.picture,
    "soft": lambda canvas, placed: soften(placed.picture),
    "poisson": lambda canvas, placed: settle(canvas, placed.picture, placed.box[:2]),
}
"""By blend, what is pasted of an object by its alpha over a canvas."""
