"""The fields of a sample whose bytes are pixels: how each is decoded and summed."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shards.pixels.codecs import decode_grey_jpeg, decode_jpeg, decode_png
from shards.pixels.moments import Moments, moments_of_bytes, moments_of_codes

DECODERS: dict[str, Callable[..., NDArray[Any]]] = {
    "image.jpg": decode_jpeg,
    "mask.png": partial(decode_png, bits=8),
    "instances.png": partial(decode_png, bits=8),
    "depth.png16": partial(decode_png, bits=16),
    "depth.jpg": decode_grey_jpeg,
    "background.jpg": decode_jpeg,
}
"""How the pixels of a field come out of its bytes, and (if it is given) the size they must have.

`json` has none. ValueError where the bytes are anything else.
"""

UNSUMMED = frozenset({"instances.png"})
"""Fields whose values are names, not light: they have no mean."""


def field_moments(pixels: NDArray[Any]) -> Moments:
    """The moments of a field's decoded pixels, bytes or depth codes."""
    return moments_of_bytes(pixels) if pixels.dtype == np.uint8 else moments_of_codes(pixels)
