"""Decoding: any picture a user has, to 8-bit RGB or RGBA pixels, by content."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

PIXEL_LIMIT = 100_000_000
_ALPHA_MODES = {"RGBA", "LA", "PA", "RGBa", "La"}


class UnusablePictureError(Exception):
    """Why a file cannot be used as a source, in a few words."""


def _sixteen_to_eight(picture: Image.Image) -> Image.Image:
    """16-bit grey scaled by 257, never clipped; its colour key, if any, becomes alpha."""
    values = np.asarray(picture).astype(np.int64)  # I;16, or I as some formats give it
    if values.min() < 0 or values.max() > 65535:
        raise UnusablePictureError("grey values beyond 16 bits")
    grey = Image.fromarray(((values + 128) // 257).astype(np.uint8))
    key = picture.info.get("transparency")
    if key is None:
        return grey.convert("RGB")
    alpha = Image.fromarray(np.where(values == int(key), 0, 255).astype(np.uint8))
    rgba = grey.convert("RGBA")
    rgba.putalpha(alpha)
    return rgba


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """RGB, or RGBA where the picture has alpha, a colour key or a transparent palette entry."""
    if picture.mode.startswith("I"):
        return _sixteen_to_eight(picture)
    if picture.mode == "F":
        raise UnusablePictureError("floating-point pixels")
    if picture.mode in _ALPHA_MODES or "transparency" in picture.info:
        return picture.convert("RGBA")
    return picture.convert("RGB")


def decode_picture(data: bytes) -> Image.Image:
    """The first frame of a picture as 8-bit "RGB" or "RGBA", turned as its EXIF tag says.

    Raises UnusablePictureError with the reason where the bytes are no whole picture.
    """
    if not data:
        raise UnusablePictureError("empty file")
    try:
        with Image.open(io.BytesIO(data)) as picture:
            width, height = picture.size
            if width * height > PIXEL_LIMIT:
                raise UnusablePictureError(f"{width} x {height} is over {PIXEL_LIMIT:,} pixels")
            picture.load()
            return _to_eight_bits(ImageOps.exif_transpose(picture))
    except UnusablePictureError:
        raise
    except UnidentifiedImageError:
        raise UnusablePictureError("not a picture") from None
    except Image.DecompressionBombError:
        raise UnusablePictureError(f"over {PIXEL_LIMIT:,} pixels") from None
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError) as error:
        raise UnusablePictureError(f"damaged picture: {error}") from None


def crop_to_alpha(picture: Image.Image) -> Image.Image:
    """The part of an "RGBA" picture that is not wholly transparent; raises if none is."""
    box = picture.getchannel("A").getbbox()
    if box is None:
        raise UnusablePictureError("wholly transparent")
    return picture.crop(box)


def solid_share(picture: Image.Image) -> float:
    """Share of a cropped "RGBA" picture's alpha that is at least 128, at 64 pixels a side."""
    alpha = picture.getchannel("A")
    alpha.thumbnail((64, 64))
    solid: NDArray[np.bool_] = np.asarray(alpha) >= 128
    return float(solid.mean())


def square_pixels(picture: Image.Image, side: int) -> Image.Image:
    """The largest centred square of a picture, scaled once with antialiasing to "RGB".

    A background's own alpha is flattened over mid-grey.
    """
    if picture.mode == "RGBA":
        grey = Image.new("RGBA", picture.size, (128, 128, 128, 255))
        picture = Image.alpha_composite(grey, picture).convert("RGB")
    width, height = picture.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    square = picture.crop((left, top, left + edge, top + edge))
    return square.resize((side, side), Image.Resampling.BICUBIC)
