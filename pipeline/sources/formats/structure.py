"""How many parts a picture file says it has, counted before a library makes an object of each.

Pillow takes 300 bytes and ten microseconds for a strip of a TIFF that takes one byte in the file;
chunks of a PNG, segments of a JPEG and blocks of a GIF are cheap to repeat, too. No picture needs
thousands of them before its pixels.
"""

import os
import struct
from collections.abc import Callable, Iterator
from typing import IO

from pipeline.sources.formats.integrity import UnusablePictureError

MOST_PARTS = 10_000
"""Chunks, segments or blocks before the pixels of a picture."""

MOST_VALUES = 100_000
"""Strips or tiles of a TIFF, and numbers in any of its tags."""

_START_OF_SCAN = 0xDA
_STANDALONE = range(0xD0, 0xD9)
_STRIPS = (273, 279, 324, 325)
_RAW_TYPES = (1, 2, 6, 7)  # bytes, text, signed bytes, undefined: kept as they are
_IMAGE, _EXTENSION, _FULL_PALETTE = 0x2C, 0x21, 0x80


def refuse_many_parts(file: IO[bytes], format: str) -> None:
    """Raise UnusablePictureError where a file of a format has more parts than any picture needs."""
    if format == "TIFF":
        _refuse_many_values(file)
    elif format in _WALKS:
        for count, _ in enumerate(_WALKS[format](file), 1):
            if count > MOST_PARTS:
                raise UnusablePictureError(f"over {MOST_PARTS:,} parts before its pixels")


def _chunks(file: IO[bytes]) -> Iterator[None]:
    """The chunks of a PNG before its pixels."""
    file.seek(8)
    while len(head := file.read(8)) == 8 and head[4:] != b"IDAT":
        yield
        file.seek(int.from_bytes(head[:4], "big") + 4, os.SEEK_CUR)


def _segments(file: IO[bytes]) -> Iterator[None]:
    """The segments of a JPEG before its first scan, and bytes between them."""
    file.seek(2)
    while marker := file.read(1):
        yield
        if marker != b"\xff":
            continue
        kind = file.read(1)
        if not kind or kind[0] == _START_OF_SCAN:
            return
        if kind == b"\xff":  # padding
            file.seek(-1, os.SEEK_CUR)
        elif kind[0] and kind[0] not in _STANDALONE:
            file.seek(max(0, int.from_bytes(file.read(2), "big") - 2), os.SEEK_CUR)


def _blocks(file: IO[bytes]) -> Iterator[None]:
    """The blocks of a GIF's extensions before its first image."""
    file.seek(10)
    flags = file.read(3)
    if flags and flags[0] & _FULL_PALETTE:
        file.seek(3 << ((flags[0] & 7) + 1), os.SEEK_CUR)
    while (kind := file.read(1)) and kind[0] != _IMAGE:
        yield
        if kind[0] != _EXTENSION:
            continue
        file.read(1)
        while (size := file.read(1)) and size[0]:
            yield
            file.seek(size[0], os.SEEK_CUR)


_WALKS: dict[str, Callable[[IO[bytes]], Iterator[None]]] = {
    "PNG": _chunks,
    "JPEG": _segments,
    "GIF": _blocks,
}


def _refuse_many_values(file: IO[bytes]) -> None:
    """Look through the tags of a TIFF's first page."""
    file.seek(0)
    head = file.read(16)
    order = "<" if head[:2] == b"II" else ">"
    try:
        if struct.unpack_from(order + "H", head, 2)[0] == 43:  # BigTIFF
            (first,) = struct.unpack_from(order + "Q", head, 8)
            number, entry = struct.Struct(order + "Q"), struct.Struct(order + "HHQ8s")
        else:
            (first,) = struct.unpack_from(order + "I", head, 4)
            number, entry = struct.Struct(order + "H"), struct.Struct(order + "HHI4s")
        file.seek(first)
        (tags,) = number.unpack(file.read(number.size))
        if tags > MOST_PARTS:
            raise UnusablePictureError(f"a TIFF of {tags:,} tags, over {MOST_PARTS:,}")
        for tag, kind, count, _ in entry.iter_unpack(file.read(tags * entry.size)):
            if count > MOST_VALUES and (tag in _STRIPS or kind not in _RAW_TYPES):
                raise UnusablePictureError(
                    f"a TIFF of {count:,} strips, tiles or values, over {MOST_VALUES:,}"
                )
    except (struct.error, OSError, ValueError, OverflowError):
        return  # cut short, or pointing elsewhere: Pillow says what is wrong with it
