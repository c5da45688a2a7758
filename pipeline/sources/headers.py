"""Headers: what a picture file is and what decoding it takes, before anything is decoded."""

import contextlib
import functools
import importlib
import math
import os
import struct
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO, TypeVar

from PIL import Image, ImageFile

from pipeline.machine.quiet import QUIET
from pipeline.sources.formats.heif import import_heif, is_heif
from pipeline.sources.formats.integrity import UnusablePictureError
from pipeline.sources.formats.orientation import upright_size
from pipeline.sources.formats.structure import refuse_many_parts
from pipeline.sources.formats.tiff_pages import whole_picture
from pipeline.sources.source_bytes import look_into
from shards.base.retrying import is_passing

Found = TypeVar("Found")

PIXEL_LIMIT = 64_000_000
"""Pixels of a decoded picture. Larger baseline JPEGs are decoded at 1/2, 1/4 or 1/8."""

MEMORY_LIMIT = 800_000_000
"""Bytes that pictures may take that are checked at the same time, unless one alone takes more."""

SANDBOXED = ("AVIF", "JPEG2000", "TIFF")
"""Formats whose files can ask for far more than their pixels take (pipeline/sources/sandbox.py)."""

SANDBOXED_SPARE = 100_000_000
"""Bytes that these may take beside what their pixels do."""

_BYTES_PER_PIXEL = {
    "AVIF": 20, "BMP": 10, "GIF": 12, "HEIF": 20, "JPEG": 10, "JPEG2000": 28,
    "MPO": 10, "PNG": 12, "PPM": 14, "TIFF": 18, "WEBP": 22,
}  # fmt: skip
"""The formats that are read, by content, and what their decoders and our copies take at worst.

Others that Pillow knows are refused: some run programs (EPS), most accept any bytes as theirs.
"""

FORMATS = tuple(format for format in _BYTES_PER_PIXEL if format not in ("HEIF", "MPO"))
"""The same for `Image.open(…, formats=…)`, which finds MPO by itself; depth is never in HEIF."""

_PLUGINS = ("Bmp", "Gif", "Jpeg", "Jpeg2K", "Mpo", "Png", "Ppm", "Tiff", "WebP")
_START_OF_SCAN = 0xDA
_OUT_OF_MEMORY = "out of memory"
"""How Pillow words a decoder's want of memory, in an OSError without a number."""


@functools.cache
def _import_plugins() -> None:
    """Have Pillow know the formats that are read, and fail where it cannot.

    `Image.init` silently skips a plugin that cannot be imported, even if only for the moment.
    """
    for name in _PLUGINS:
        importlib.import_module(f"PIL.{name}ImagePlugin")
    with contextlib.suppress(ModuleNotFoundError):  # none before Pillow 11.3
        importlib.import_module("PIL.AvifImagePlugin")


def open_header(file: IO[bytes]) -> ImageFile.ImageFile:
    """The picture in a file, its header read; nothing is decoded yet.

    `Image.open` would do, but for its own limit on pixels, which is a global of the process.
    """
    _import_plugins()
    prefix = file.read(16)
    if not prefix:
        raise UnusablePictureError("empty file")
    formats: Iterable[str] = _BYTES_PER_PIXEL
    if is_heif(file):
        import_heif()
        formats = ("HEIF",)
    for format in formats:
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


def reduction_of(picture: ImageFile.ImageFile, file: IO[bytes]) -> int:
    """By how much a JPEG too large to be decoded whole is reduced: 2, 4 or 8; else 1.

    One in several scans is decoded whole or not at all: libjpeg holds all of it anyway.
    """
    width, height = picture.size
    if picture.format not in ("JPEG", "MPO") or width * height <= PIXEL_LIMIT:
        return 1
    if _has_several_scans(picture, file):
        return 1
    fitting = (f for f in (2, 4) if math.ceil(width / f) * math.ceil(height / f) <= PIXEL_LIMIT)
    return next(fitting, 8)


def cost_of(picture: ImageFile.ImageFile, file: IO[bytes], file_size: int) -> int:
    """Bytes that a file and its decoding take; raises for a picture of too many pixels."""
    width, height = picture.size
    factor = reduction_of(picture, file)
    decoded = math.ceil(width / factor) * math.ceil(height / factor)
    if decoded > PIXEL_LIMIT:
        raise UnusablePictureError(f"{width} x {height} is over {PIXEL_LIMIT:,} pixels")
    spare = SANDBOXED_SPARE if picture.format in SANDBOXED else 0
    return decoded * _BYTES_PER_PIXEL[picture.format or ""] + file_size + spare


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

    def cost(file: IO[bytes], size: int) -> int:
        file = whole_picture(file)
        with open_header(file) as picture:
            return cost_of(picture, file, size)

    return _parse(path, cost)


def read_header(path: Path) -> tuple[tuple[int, int], str]:
    """Size (width, height) when upright, and Pillow's mode of a picture file; nothing is decoded.

    Raises UnusablePictureError where the file holds no picture.
    """

    def header(file: IO[bytes], size: int) -> tuple[tuple[int, int], str]:
        with open_header(whole_picture(file)) as picture:
            return upright_size(picture), picture.mode

    return _parse(path, header)


def is_heif_file(path: Path) -> bool:
    """Whether a file is a HEIF picture."""
    return look_into(path, lambda file, size: is_heif(file))


def _parse(path: Path, look: Callable[[IO[bytes], int], Found]) -> Found:
    def parse(file: IO[bytes], size: int) -> Found:
        try:
            with QUIET:
                return look(file, size)
        except UnusablePictureError:
            raise
        except Exception as error:  # whatever a parser meets in hostile bytes
            raise damaged(error) from None

    return look_into(path, parse)


def damaged(error: Exception) -> UnusablePictureError:
    """What a library's failure says of the bytes; raised again where it says nothing of them."""
    if is_passing(error):
        raise error
    if isinstance(error, OSError) and str(error).startswith(_OUT_OF_MEMORY):
        raise MemoryError(str(error))
    said = isinstance(error, OSError | SyntaxError | ValueError | EOFError) and str(error)
    return UnusablePictureError(f"damaged picture: {said or 'it does not hold together'}")
