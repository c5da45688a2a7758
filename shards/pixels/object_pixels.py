"""Which pixels are an object's own: the rule that masks, boxes and instances share."""

import numpy as np
from numpy.typing import NDArray

SOLID = 128
"""Alpha from which on a pixel is the object's, of 255."""


def object_pixels(alpha: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where an alpha (H, W) is an object: at least 128, or half its largest value in all of glass.

    Nowhere, if there is no alpha at all.
    """
    largest = int(alpha.max(initial=0))
    least = SOLID if largest >= SOLID else max(1, -(-largest // 2))
    solid: NDArray[np.bool_] = alpha >= least
    return solid
