"""Poisson blending: an object's colours moved half-way to those that leave no seam.

OpenCV's seamlessClone keeps an object's own differences from pixel to pixel and lets its border
run into the background. All the way, a red car before a bright sky turns pink and a bare tree
disappears, though the mask still holds it; half-way both stay what they are, and the step at the
edge is half of what it was.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipeline.compositing.place import Box
from shards.base.size import Size
from shards.pixels.object_pixels import SOLID

LEAST_SIDE = 8
"""Pixels of a side under which an object has no inside to be moved."""

_WORN = 3
"""Pixels that seamlessClone wears away from the mask that it is given."""

_MARGIN = 8
_BEYOND = 4
"""Pixels around one outside from which its colour is taken, so that no edge is kept there."""


def can_settle(picture: Image.Image, box: Box, canvas: Size) -> bool:
    """Whether a picture has an inside and a border: solid pixels, off the edges, not too small."""
    x, y, width, height = box
    off_edges = x > 0 and y > 0 and x + width < canvas[0] and y + height < canvas[1]
    solid = (np.asarray(picture.getchannel("A")) >= SOLID).any()
    return off_edges and min(width, height) >= LEAST_SIDE and bool(solid)


def settle(canvas: NDArray[np.uint8], picture: Image.Image, corner: tuple[int, int]) -> Image.Image:
    """A straight "RGBA" picture with the colours it is painted in, its corner at `corner`.

    The canvas is uint8 (H, W, 3); the picture lies wholly within it and has solid pixels. Its
    alpha stays. OpenCV works on one thread: on two its last bits differ.
    """
    cv2 = _opencv()
    own = np.asarray(picture)  # (h, w, 4)
    wide = np.pad(own, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)))  # (h + 16, w + 16, 4)
    solid = (wide[..., 3] >= SOLID).astype(np.uint8) * 255
    mask = cv2.dilate(solid, np.ones((2 * _WORN + 1, 2 * _WORN + 1), np.uint8))
    x, y, width, height = cv2.boundingRect(mask)
    centre = (x + width // 2, y + height // 2)
    cloned = cv2.seamlessClone(
        _continued(wide), _around(canvas, corner, picture.size), mask, centre, cv2.NORMAL_CLONE
    )
    inside = cloned[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN].astype(np.uint16)
    half = ((own[..., :3] + inside + 1) // 2).astype(np.uint8)
    return Image.fromarray(np.dstack([half, own[..., 3]]))


def _opencv() -> Any:
    import cv2

    cv2.setNumThreads(1)
    return cv2


def _continued(wide: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The colours uint8 (H, W, 3) of straight "RGBA" pixels, continued where they are not solid."""
    premultiplied = Image.fromarray(wide).convert("RGBa")
    around = np.asarray(premultiplied.filter(ImageFilter.BoxBlur(_BEYOND)).convert("RGBA"))
    return np.where(wide[..., 3:] >= SOLID, wide, around)[..., :3].copy()


def _around(
    canvas: NDArray[np.uint8], corner: tuple[int, int], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """The canvas where a picture lies and _MARGIN around it, continued beyond its edges."""
    spans = [
        np.clip(np.arange(start - _MARGIN, start + length + _MARGIN), 0, side - 1)
        for start, length, side in zip(corner, size, canvas.shape[1::-1], strict=True)
    ]
    return canvas.take(spans[1], axis=0).take(spans[0], axis=1)
