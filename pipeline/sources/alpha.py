"""Alpha: the box that a foreground fills, and which of its pixels are the object itself.

Matting networks leave stray pixels of alpha 1 or 2 anywhere in a picture. They are not
part of what is seen, so they must not decide its size.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.formats.integrity import UnusablePictureError
from shards.pixels.object_pixels import object_level

LEAST_ALPHA = 8
"""Alpha, of 255, from which a pixel belongs to the alpha box."""

_EVEN, _MOST_OF_IT = 12, 0.98
"""How far the pixels of a plain border may lie from its colour, of 255, and how many of them do."""

_GREYISH = 12
"""How far apart the channels of a grey picture may be: JPEG shifts them."""

_FROM_LEAST = [0] * LEAST_ALPHA + [255] * (256 - LEAST_ALPHA)


def alpha_box(alpha: Image.Image) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of the pixels of an "L" picture from LEAST_ALPHA on, if any."""
    return alpha.point(_FROM_LEAST).getbbox()


def crop_to_alpha(picture: Image.Image) -> Image.Image:
    """The alpha box of an "RGBA" picture; raises if there is none."""
    if picture.mode != "RGBA":
        raise UnusablePictureError("no alpha channel")
    alpha = picture.getchannel("A")
    box = alpha_box(alpha)
    if box is None:
        largest = alpha.getextrema()[1]
        raise UnusablePictureError(
            f"too faint: its largest alpha is {largest} of 255, under {LEAST_ALPHA}"
            if largest
            else "wholly transparent"
        )
    return picture.crop(box)


def is_greyish(picture: Image.Image) -> bool:
    """Whether an "RGB" or "RGBA" picture is grey all over, but for what JPEG shifts."""
    red, green, blue = (np.asarray(picture.getchannel(name)).astype(np.int16) for name in "RGB")
    pairs = ((red, green), (red, blue), (green, blue))
    return all(np.abs(one - other).max() <= _GREYISH for one, other in pairs)


def plain_ground(picture: Image.Image) -> str | None:
    """The colour of a picture whose border is of one colour all around, in a word, else None."""
    rgb = np.asarray(picture.convert("RGB")).astype(np.int16)  # (H, W, 3)
    border = np.concatenate([rgb[0], rgb[-1], rgb[:, 0], rgb[:, -1]])
    colour = np.median(border, axis=0)
    if np.mean(np.abs(border - colour).max(axis=1) <= _EVEN) < _MOST_OF_IT:
        return None
    for name, value in (("white", 255), ("black", 0)):
        if np.abs(colour - value).max() <= _EVEN:
            return f"plain {name}"
    return "a plain colour"


def object_share(picture: Image.Image) -> float:
    """Share of a cropped "RGBA" picture that is the object's own, at 64 pixels a side."""
    alpha = picture.getchannel("A")
    level = object_level(np.array(alpha.getextrema()))
    alpha.thumbnail((64, 64))
    own: NDArray[np.bool_] = np.asarray(alpha) >= level
    return float(own.mean())
