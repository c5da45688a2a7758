"""Headers: what a picture file is and what decoding it takes, before anything is decoded."""

import math
import os
import stat
import struct
from pathlib import Path
from typing import IO

from PIL import Image, ImageFile

from pipeline.damage import UnusablePictureError
from pipeline.quiet import QUIET
from pipeline.structure import refuse_many_parts

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

_START_OF_SCAN = 0xDA


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


def open_header(file: IO[bytes]) -> ImageFile.ImageFile:
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
        refuse_many_parts(file, format)
        file.seek(0)
        try:
            return factory(file, "")
        except (SyntaxError, IndexError, TypeError, struct.error) as error:
            raise damaged(error) from None
    raise UnusablePictureError("not a picture")


def reduction_of(picture: ImageFile.ImageFile) -> int:
    """By how much a JPEG too large to be decoded whole is reduced: 2, 4 or 8; else 1."""
    if picture.format not in ("JPEG", "MPO"):
        return 1
    width, height = picture.size
    fitting = (f for f in (1, 2, 4) if math.ceil(width / f) * math.ceil(height / f) <= PIXEL_LIMIT)
    return next(fitting, 8)


def cost_of(picture: ImageFile.ImageFile, file: IO[bytes], file_size: int) -> int:
    """Bytes that a file and its decoding take; raises where the picture is too large for that."""
    width, height = picture.size
    pixels = width * height
    factor = reduction_of(picture)
    decoded = math.ceil(width / factor) * math.ceil(height / factor)
    if decoded > PIXEL_LIMIT:
        raise UnusablePictureError(f"{width} x {height} is over {PIXEL_LIMIT:,} pixels")
    cost = decoded * _BYTES_PER_PIXEL[picture.format or ""]
    if picture.format in ("JPEG", "MPO") and _has_several_scans(picture, file):
        cost = max(cost, 2 * len(picture.getbands()) * pixels + 4 * decoded)
    if cost + file_size > MEMORY_LIMIT:
        raise UnusablePictureError(
            f"{width} x {height} in {picture.format} takes {(cost + file_size) / 1e6:,.0f} MB "
            f"to decode, over {MEMORY_LIMIT / 1e6:,.0f}"
        )
    return cost + file_size


def _has_several_scans(picture: ImageFile.ImageFile, file: IO[bytes]) -> bool:
    """Whether libjpeg must hold every coefficient of a JPEG, whatever its reduction.

    So it is where the first scan has fewer components than the frame, and in progressive ones.
    """
    if picture.info.get("progressive"):
        return True
    file.seek(2)
    while len(marker := file.read(2)) == 2 and marker[0] == 0xFF:
        if marker[1] == 0xFF:  # padding
            file.seek(-1, os.SEEK_CUR)
            continue
        length = int.from_bytes(file.read(2), "big")
        if marker[1] == _START_OF_SCAN:
            return file.read(1)[0] < len(picture.getbands())
        file.seek(length - 2, os.SEEK_CUR)
    return True


def decoding_cost(path: Path) -> int:
    """Bytes that reading and decoding a picture takes at most, from its header alone.

    Raises UnusablePictureError where the file holds no picture, or one over the limits.
    """
    size = _size_of(path)
    with path.open("rb") as file, QUIET:
        try:
            with open_header(file) as picture:
                return cost_of(picture, file, size)
        except UnusablePictureError:
            raise
        except Exception as error:  # whatever a parser meets in hostile bytes
            raise damaged(error) from None


def read_header(path: Path) -> tuple[tuple[int, int], str]:
    """Size (width, height) and Pillow's mode of a picture file, as stored; nothing is decoded.

    Raises UnusablePictureError where the file holds no picture, OSError where it cannot be read.
    """
    _size_of(path)
    with path.open("rb") as file, QUIET:
        try:
            with open_header(file) as picture:
                return picture.size, picture.mode
        except UnusablePictureError:
            raise
        except Exception as error:  # whatever a parser meets in hostile bytes
            raise damaged(error) from None


def damaged(error: Exception) -> UnusablePictureError:
    said = isinstance(error, OSError | SyntaxError | ValueError | EOFError) and str(error)
    return UnusablePictureError(f"damaged picture: {said or 'it does not hold together'}")
