"""Decoding: any picture a user has, to 8-bit RGB or RGBA pixels, by content.

docs/input.md has the table of what is read and what is refused, and why.
"""

import io
import math
import stat
import struct
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile

from pipeline.damage import UnusablePictureError as UnusablePictureError
from pipeline.damage import refuse_damage
from pipeline.quiet import QUIET
from pipeline.sixteen import (
    has_sixteen_bit_colour,
    read_sixteen_bit_colour,
    read_sixteen_bit_grey,
)

PIXEL_LIMIT = 64_000_000
"""Pixels of a decoded picture. Larger baseline JPEGs are decoded at 1/2, 1/4 or 1/8."""

MEMORY_LIMIT = 800_000_000
"""Bytes that a file and its decoding may take, as `decoding_cost` estimates them."""

_BYTES_PER_PIXEL = {
    "AVIF": 20, "BMP": 10, "GIF": 12, "JPEG": 10, "JPEG2000": 28, "MPO": 10, "PNG": 12, "PPM": 14,
    "TIFF": 18, "WEBP": 22,
}  # fmt: skip
"""The formats that are read, by content, and what their decoders and our copies take at worst.

Others that Pillow knows are refused: some run programs (EPS), most accept any bytes as theirs.
"""

FORMATS = tuple(format for format in _BYTES_PER_PIXEL if format != "MPO")
"""The same for `Image.open(…, formats=…)`, which finds MPO by itself."""

_ALPHA_MODES = {"RGBA", "LA", "PA", "RGBa", "La"}
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_file(path: Path) -> bytes:
    """The bytes of a picture file; raises where it is no regular file, or too large to be one."""
    size = _size_of(path)
    if size > MEMORY_LIMIT:
        raise UnusablePictureError(f"a file of {size / 1e6:,.0f} MB")
    return path.read_bytes()


def _size_of(path: Path) -> int:
    """Bytes of a regular file; raises for anything else, without opening it."""
    try:
        about = path.stat()
    except ValueError:  # a zero or half a character in it, from a hostile log
        raise UnusablePictureError("no name of a file") from None
    if not stat.S_ISREG(about.st_mode):
        raise UnusablePictureError("not a regular file")
    return about.st_size


def _open(file: IO[bytes]) -> ImageFile.ImageFile:
    """The picture in a file, its header read; nothing is decoded yet.

    `Image.open` would do, but for its own limit on pixels, which is a global of the process.
    """
    Image.init()
    prefix = file.read(16)
    if not prefix:
        raise UnusablePictureError("empty file")
    for format in _BYTES_PER_PIXEL:
        factory, accepts = Image.OPEN.get(format, (None, None))
        if factory is None or accepts is None or accepts(prefix) is not True:
            continue
        file.seek(0)
        try:
            return factory(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error) as error:
            raise _damaged(error) from None
    raise UnusablePictureError("not a picture")


def _reduction(picture: ImageFile.ImageFile) -> int:
    """By how much a JPEG too large to be decoded whole is reduced: 2, 4 or 8; else 1."""
    if picture.format not in ("JPEG", "MPO"):
        return 1
    width, height = picture.size
    fitting = (f for f in (1, 2, 4) if math.ceil(width / f) * math.ceil(height / f) <= PIXEL_LIMIT)
    return next(fitting, 8)


def _cost(picture: ImageFile.ImageFile, file_size: int) -> int:
    """Bytes that a file and its decoding take; raises where the picture is too large for that."""
    width, height = picture.size
    pixels = width * height
    factor = _reduction(picture)
    decoded = math.ceil(width / factor) * math.ceil(height / factor)
    if decoded > PIXEL_LIMIT:
        raise UnusablePictureError(f"{width} x {height} is over {PIXEL_LIMIT:,} pixels")
    cost = decoded * _BYTES_PER_PIXEL[picture.format or ""]
    if picture.info.get("progressive"):  # libjpeg holds all coefficients, whatever the reduction
        cost = max(cost, 2 * len(picture.getbands()) * pixels + 4 * decoded)
    if cost + file_size > MEMORY_LIMIT:
        raise UnusablePictureError(
            f"{width} x {height} in {picture.format} takes {(cost + file_size) / 1e6:,.0f} MB "
            f"to decode, over {MEMORY_LIMIT / 1e6:,.0f}"
        )
    return cost + file_size


def decoding_cost(path: Path) -> int:
    """Bytes that reading and decoding a picture takes at most, from its header alone.

    Raises UnusablePictureError where the file holds no picture, or one over the limits.
    """
    size = _size_of(path)
    with path.open("rb") as file, QUIET:
        try:
            with _open(file) as picture:
                return _cost(picture, size)
        except UnusablePictureError:
            raise
        except Exception as error:  # whatever a parser meets in hostile bytes
            raise _damaged(error) from None


def read_header(path: Path) -> tuple[tuple[int, int], str]:
    """Size (width, height) and Pillow's mode of a picture file, as stored; nothing is decoded.

    Raises UnusablePictureError where the file holds no picture, OSError where it cannot be read.
    """
    _size_of(path)
    with path.open("rb") as file, QUIET:
        try:
            with _open(file) as picture:
                return picture.size, picture.mode
        except UnusablePictureError:
            raise
        except Exception as error:  # whatever a parser meets in hostile bytes
            raise _damaged(error) from None


def _damaged(error: Exception) -> UnusablePictureError:
    said = isinstance(error, OSError | SyntaxError | ValueError | EOFError) and str(error)
    return UnusablePictureError(f"damaged picture: {said or 'it does not hold together'}")


def _orientation(picture: Image.Image) -> int:
    try:
        found: object = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # a broken tag says nothing about the pixels
        return 1
    return found if isinstance(found, int) else 1


def _load(data: bytes, *, known: bool) -> Image.Image:
    """The first frame, upright, in whatever mode it is stored (16-bit colour reduced to 8)."""
    with _open(io.BytesIO(data)) as picture:
        _cost(picture, len(data))
        if not known:
            refuse_damage(data, picture.format, picture.mode)
        factor = _reduction(picture)
        if factor > 1:
            picture.draft(None, (picture.width // factor, picture.height // factor))
        if has_sixteen_bit_colour(picture):
            stored = read_sixteen_bit_colour(picture, data)
        else:
            picture.load()
            _scale_colour_key(picture, data)
            stored = picture
        turn = _TURNS.get(_orientation(picture))
        if turn is not None:
            return stored.transpose(turn)
        return stored.copy() if stored is picture else stored


def _scale_colour_key(picture: Image.Image, data: bytes) -> None:
    """Bring the colour key of a 2- or 4-bit grey PNG to the 8 bits that its pixels are given in."""
    key, bits = picture.info.get("transparency"), data[24]
    if picture.format == "PNG" and picture.mode == "L" and isinstance(key, int) and bits < 8:
        picture.info["transparency"] = key * 255 // ((1 << bits) - 1)


def _to_eight_bits(picture: Image.Image) -> Image.Image:
    """RGB, or RGBA where the picture has alpha, a colour key or a transparent palette entry."""
    if picture.mode.startswith("I"):
        return read_sixteen_bit_grey(picture)
    if picture.mode == "F":
        raise UnusablePictureError("floating-point pixels")
    alpha = picture.mode in _ALPHA_MODES or "transparency" in picture.info
    wanted = "RGBA" if alpha else "RGB"
    if picture.mode == wanted:
        return picture
    try:
        return picture.convert(wanted)
    except ValueError:
        raise UnusablePictureError(f"pixels of kind {picture.mode}") from None


def decode_picture(data: bytes, *, known: bool = False) -> Image.Image:
    """The first frame of a picture as 8-bit "RGB" or "RGBA", turned as its EXIF tag says.

    Raises UnusablePictureError with the reason where the bytes are no whole picture, or one over
    the limits. `known` bytes, equal to some that passed, are not searched for damage again.
    """
    try:
        with QUIET:
            return _to_eight_bits(_load(data, known=known))
    except UnusablePictureError:
        raise
    except MemoryError:
        raise UnusablePictureError("not enough memory to decode it") from None
    except Exception as error:  # Pillow's decoders raise anything on hostile bytes
        raise _damaged(error) from None


def crop_to_alpha(picture: Image.Image) -> Image.Image:
    """The part of an "RGBA" picture that is not wholly transparent; raises if none is."""
    if picture.mode != "RGBA":
        raise UnusablePictureError("no alpha channel")
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
