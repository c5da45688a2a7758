"""Pictures as `data:` addresses, small enough that many fit into one page."""

import base64
import functools
import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.decode import UnusablePictureError, read_picture
from pipeline.sources.headers import open_header
from pipeline.sources.source_bytes import read_source
from shards.base.errors import InputError
from shards.pixels.depth_coding import DepthCoding

LARGEST_SIDE = 256
"""Pixels of a gallery picture's side at most; larger samples are scaled down."""

DEPTH_COLOURS = "magma"
"""matplotlib's name of the colour map of depth: even steps look even, near is bright."""

_OVERLAY = (224, 0, 255)
"""Magenta: few things have it, where pink was lost on a red car."""
_OVERLAY_OPACITY = 0.62
_PICTURE_BYTES = 1_200_000


def data_address(data: bytes, kind: str) -> str:
    """`data:` address of an encoded picture; `kind` is its media type, "image/png"."""
    return f"data:{kind};base64,{base64.b64encode(data).decode('ascii')}"


def _png(picture: Image.Image, **settings: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", optimize=True, **settings)
    return data_address(buffer.getvalue(), "image/png")


def _fit(picture: Image.Image) -> Image.Image:
    if max(picture.size) <= LARGEST_SIDE:
        return picture
    fitted = picture.copy()
    fitted.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    return fitted


def embed_image(pixels: NDArray[np.uint8]) -> str:
    """A composite uint8 (H, W, 3), as JPEG."""
    buffer = io.BytesIO()
    _fit(Image.fromarray(pixels)).save(buffer, "JPEG", quality=85)
    return data_address(buffer.getvalue(), "image/jpeg")


def embed_mask(mask: NDArray[np.uint8]) -> str:
    """A mask uint8 (H, W), as it is."""
    return _png(_fit(Image.fromarray(mask)))


def embed_overlay(mask: NDArray[np.uint8]) -> str:
    """A mask uint8 (H, W) to lay over its composite: one colour, as opaque as the mask is high."""
    picture = _fit(Image.fromarray(mask))
    picture.putpalette(_OVERLAY * 256)
    return _png(picture, transparency=bytes(round(v * _OVERLAY_OPACITY) for v in range(256)))


@functools.cache
def depth_palette(near_is_high: bool) -> bytes:
    """256 RGB colours, 768 bytes, of which the last is for the nearest value."""
    from matplotlib import colormaps

    colours = colormaps[DEPTH_COLOURS](np.arange(256), bytes=True)[:, :3]
    return bytes((colours if near_is_high else colours[::-1]).astype(np.uint8).tobytes())


def embed_depth(values: NDArray[np.float32], coding: DepthCoding, low: float, high: float) -> str:
    """A depth map float32 (H, W) in colours that span [low, high], as a palette PNG."""
    shares = (values - low) / max(high - low, 1e-12)
    indices = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
    picture = _fit(Image.fromarray(indices))
    picture.putpalette(depth_palette(coding.kind == "inverse"))
    return _png(picture)


def embed_file(path: Path) -> str:
    """A picture file of a run: its own bytes, or a JPEG of it where those are too many.

    InputError where it is no whole picture, by the same limits as sources.
    """
    try:
        data = read_source(path)
        smaller = read_picture(path).convert("RGB")
        with open_header(io.BytesIO(data)) as picture:
            format = picture.format
    except UnusablePictureError as error:
        raise InputError(
            str(path),
            expected="a picture as `depthmask train` wrote it",
            found=str(error),
            remedy="take the file away to have a report without it",
        ) from None
    if len(data) <= _PICTURE_BYTES and format in ("PNG", "JPEG"):
        return data_address(data, f"image/{format.lower()}")
    smaller.thumbnail((1800, 1800), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    smaller.save(buffer, "JPEG", quality=82)
    return data_address(buffer.getvalue(), "image/jpeg")
