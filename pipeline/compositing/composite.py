"""Placed objects painted over a background, and the mask that they have together."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.blend import cut_to_canvas, paint
from pipeline.compositing.cutout import alpha_of
from pipeline.compositing.placed_object import PlacedObject

Pixels = NDArray[np.uint8]


def compose(background: Pixels, objects: Sequence[PlacedObject]) -> tuple[Pixels, Pixels]:
    """The composite uint8 (H, W, 3) and the mask uint8 (H, W), painted in order.

    The mask is the objects' alpha together, 1 - (1 - a)(1 - b)...: of one object its own.
    """
    image = background.copy()
    mask = np.zeros(background.shape[:2], np.uint8)
    for index, placed in enumerate(objects):
        paint(image, placed)
        inside, picture = cut_to_canvas(placed, image.shape[1::-1])
        alpha = alpha_of(picture)
        below = mask[inside]
        mask[inside] = _over(alpha, below) if index and below.any() else alpha
    return image, mask


def _over(alpha: Pixels, mask: Pixels) -> Pixels:
    """m + a - m·a / 255, the quotient rounded."""
    product = alpha.astype(np.uint16) * mask + 128
    product += product >> 8
    product >>= 8
    joined: Pixels = mask + (alpha - product.astype(np.uint8))
    return joined
