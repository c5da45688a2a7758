"""Soft edges without the background that they were photographed against.

A matting network says how much of a pixel is the object's; the pixel's colour is still mixed with
what stood behind it. pymatting estimates the object's own colour there.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image

from pipeline.machine.extras import require_packages

_MOST_PIXELS = 4_000_000
"""A larger picture's colours, which vary slowly, are estimated at half its size or a quarter."""

_SOLID = 230
"""Alpha from which pymatting takes a pixel for the object's own; without any it knows no colour."""

_one_at_a_time = threading.Lock()
"""numba's threads may serve one caller only: two at once can end the process."""


def require_pymatting() -> None:
    """InputError where pymatting, which `decontaminate` needs, is not installed."""
    require_packages("--decontaminate", "decontaminate", "pymatting")


def decontaminate(picture: Image.Image) -> Image.Image:
    """An "RGBA" picture whose soft pixels (alpha 1 to 254) have the object's own colour.

    Alpha and all other pixels are unchanged. So is a picture without a solid pixel, such as glass:
    its own colour cannot be told from what is seen through it.
    """
    pixels = np.array(picture)  # (H, W, 4)
    alpha = pixels[..., 3]
    soft = (alpha > 0) & (alpha < 255)
    if not soft.any() or alpha.max() < _SOLID or picture.size == (1, 1):
        return picture
    for channel, plane in enumerate(_own_colours(picture)):
        levels = plane.resize(picture.size, Image.Resampling.BILINEAR)
        pixels[..., channel][soft] = np.asarray(levels)[soft]
    return Image.fromarray(pixels)


def _own_colours(picture: Image.Image) -> list[Image.Image]:
    """The object's red, green and blue, "L" each, of an "RGBA" picture as pymatting estimates them.

    They may be smaller than the picture.
    """
    from pymatting.foreground.estimate_foreground_ml import estimate_foreground_ml

    factor = 1
    while picture.width * picture.height > _MOST_PIXELS * factor**2:
        factor *= 2
    planes = [np.asarray(picture.getchannel(name).reduce(factor)) for name in "RGBA"]
    shares = np.dstack(planes).astype(np.float32) / np.float32(255)  # (h, w, 4)
    colours, alpha = np.ascontiguousarray(shares[..., :3]), np.ascontiguousarray(shares[..., 3])
    with _one_at_a_time, _stops_kept():
        estimated = estimate_foreground_ml(colours, alpha)  # (h, w, 3)
    levels = np.rint(np.clip(estimated, 0, 1) * 255).astype(np.uint8)
    return [Image.fromarray(np.ascontiguousarray(levels[..., channel])) for channel in range(3)]


@contextmanager
def _stops_kept() -> Iterator[None]:
    """numba raises SystemError for what a signal's handler raised within it: raise that itself."""
    try:
        yield
    except SystemError as error:
        cause = error.__cause__
        while isinstance(cause, Exception):
            cause = cause.__cause__
        if cause is None:
            raise
        raise cause from None
