"""Pictures of 16 bits a channel, to 8: divided by 257 and rounded, never clipped.

Pillow reads 16-bit grey as it is, but keeps only the high byte of 16-bit colour, so that a colour
key compares wrongly and dark pixels come out one too low. A PNG's tile is read twice here, the
second time under a raw mode that takes the other byte of each pair.
"""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pipeline.sources.formats.integrity import UnusablePictureError

Band = Callable[[tuple[int, int, int, int]], NDArray[np.uint8]]
"""Pixels of the rows within a box (left, top, right, bottom)."""

_BAND = 1 << 18
_COLOUR = ("RGB;16B", "RGBA;16B", "LA;16B")


def has_sixteen_bit_colour(picture: Image.Image) -> bool:
    """Whether an opened picture, its pixels not read yet, is a PNG of 16-bit colour, or of 16-bit
    grey with alpha.
    """
    tile = getattr(picture, "tile", None)
    return bool(picture.format == "PNG" and tile and tile[0].args in _COLOUR)


def _read_as(data: bytes, mode: str, raw: str) -> Image.Image:
    """The pixel data of a PNG taken apart under another raw mode of as many bits."""
    picture = PngImagePlugin.PngImageFile(io.BytesIO(data))
    picture._mode = mode
    picture.tile = [picture.tile[0]._replace(args=raw)]
    picture.load()
    return picture


def _rounded(values: NDArray[Any]) -> NDArray[np.uint8]:
    """round(v / 257) of values 0..65535."""
    return ((values.astype(np.uint32) + 128) // 257).astype(np.uint8)


def read_sixteen_bit_colour(picture: Image.Image, data: bytes) -> Image.Image:
    """A PNG that `has_sixteen_bit_colour` as 8-bit "RGB" or "RGBA", its colour key as alpha."""
    raw = picture.tile[0].args  # type: ignore[attr-defined]
    key = picture.info.get("transparency")
    if raw == "LA;16B":
        bytes_of_both = _read_as(data, "RGBA", "RGBA")  # grey high, low, alpha high, low
        return _by_bands(bytes_of_both, lambda box: _grey_alpha(bytes_of_both, box))
    mode = "RGB" if raw == "RGB;16B" else "RGBA"
    high, low = _read_as(data, mode, raw), _read_as(data, mode, raw.replace("16B", "16L"))

    def band(box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        values = np.asarray(high.crop(box)).astype(np.uint16) << 8  # (rows, W, 3 or 4)
        values |= np.asarray(low.crop(box))
        pixels = _rounded(values)
        if key is None or mode == "RGBA":
            return pixels
        alpha = np.where((values == np.array(key)).all(axis=2), 0, 255).astype(np.uint8)
        return np.dstack([pixels, alpha])

    return _by_bands(high if key is None else Image.new("RGBA", high.size), band)


def _grey_alpha(picture: Image.Image, box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    pairs = np.asarray(picture.crop(box)).astype(np.uint16)  # (rows, W, 4)
    grey, alpha = _rounded(pairs[..., 0] << 8 | pairs[..., 1]), pairs[..., 2] << 8 | pairs[..., 3]
    return np.dstack([grey, grey, grey, _rounded(alpha)])


def _by_bands(picture: Image.Image, band: Band) -> Image.Image:
    """A picture filled with rows `band(box)`, a few at a time: whole arrays take gigabytes.

    It may be the one that the rows are made of.
    """
    width, height = picture.size
    rows = max(1, _BAND // width)
    for top in range(0, height, rows):
        box = (0, top, width, min(height, top + rows))
        picture.paste(Image.fromarray(band(box)), box[:2])
    return picture


def sixteen_bit_values(picture: Image.Image) -> NDArray[np.uint16]:
    """The values (H, W) of 16-bit grey as they are; UnusablePictureError as below."""
    _require_sixteen_bits(picture)
    return np.asarray(picture).astype(np.uint16)


def _require_sixteen_bits(picture: Image.Image) -> None:
    low, high = picture.getextrema()
    if min(low, 0) < 0 or high > 65535:  # type: ignore[operator]
        raise UnusablePictureError("grey values beyond 16 bits")


def read_sixteen_bit_grey(picture: Image.Image) -> Image.Image:
    """16-bit grey ("I;16", or "I" as some formats give it) as "RGB", or "RGBA" with a colour key.

    UnusablePictureError where a value is beyond 16 bits.
    """
    _require_sixteen_bits(picture)
    key = picture.info.get("transparency")

    def band(box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
        values = np.asarray(picture.crop(box))  # (rows, W)
        grey = _rounded(values)
        if key is None:
            return np.dstack([grey] * 3)
        alpha = np.where(values == int(key), 0, 255).astype(np.uint8)
        return np.dstack([grey, grey, grey, alpha])

    return _by_bands(Image.new("RGB" if key is None else "RGBA", picture.size), band)
