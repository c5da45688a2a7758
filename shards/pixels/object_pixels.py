"""Which pixels are an object's own: the rule that masks, boxes, depth and instances share."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

SOLID = 128
"""The alpha from which pixels are own, of 255, in all that is not glass."""


def object_level(alpha: NDArray[Any], full: int = 255) -> int:
    """The alpha from which pixels are the object's own: 128 of 255, of glass half of its largest.

    `full` is the value of an opaque pixel.
    """
    solid = full // 2 + 1
    largest = int(alpha.max(initial=0))
    return solid if largest >= solid else max(1, -(-largest // 2))


def object_pixels(alpha: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where an alpha (H, W) is the object's own; nowhere, if there is no alpha at all."""
    own: NDArray[np.bool_] = alpha >= object_level(alpha)
    return own
