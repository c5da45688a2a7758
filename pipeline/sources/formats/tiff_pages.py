"""Pages of a TIFF: the whole picture in files whose first page is a thumbnail.

Raw photographs (DNG, NEF, ARW and others) are TIFFs that begin with a picture of 160 pixels, and
keep the sensor's values in a page that no decoder here takes. Some hold a JPEG of the full size
beside them.
"""

import bisect
import dataclasses
import io
import struct
from collections.abc import Iterator
from itertools import accumulate
from typing import IO, Any

from PIL import JpegImagePlugin

from pipeline.sources.formats.integrity import UnusablePictureError

_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _COLOURS, _STRIPS, _ORIENTATION, _LENGTHS, _PAGES = (
    254, 256, 257, 259, 262, 273, 274, 279, 330,
)  # fmt: skip
_JPEG_START, _JPEG_LENGTH = 513, 514
_SENSOR = (32803, 34892)
"""Values of a sensor, in a colour filter's mosaic or without it."""

_JPEG = (6, 7)
_MOST_PAGES, _MOST_TAGS = 64, 4096
_WIDTH_OF = {1: "B", 3: "H", 4: "I", 13: "I"}
_WHOLE = 0.9
"""How much of the largest page's longest side a picture of the whole has: sensors have a border."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Page:
    """A page's entries as the file has them, and its numbers by tag."""

    entries: tuple[bytes, ...]
    numbers: dict[int, tuple[int, ...]]

    def number(self, tag: int, default: int = 0) -> int:
        return self.numbers.get(tag, (default,))[0]

    @property
    def size(self) -> tuple[int, int]:
        return self.number(_WIDTH), self.number(_HEIGHT)

    @property
    def of_sensor(self) -> bool:
        return self.number(_COLOURS) in _SENSOR


class _Spliced(io.RawIOBase):
    """A file assembled from bytes and from parts (start, length) of another one."""

    def __init__(self, file: IO[bytes], parts: list[bytes | tuple[int, int]]) -> None:
        self._file, self._parts, self._at = file, parts, 0
        lengths = [part[1] if isinstance(part, tuple) else len(part) for part in parts]
        self._starts = [0, *accumulate(lengths)]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = (0, self._at, self._starts[-1])[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        index = bisect.bisect_right(self._starts, self._at) - 1
        if index >= len(self._parts):
            return 0
        within = self._at - self._starts[index]
        size = min(len(buffer), self._starts[index + 1] - self._at)
        part = self._parts[index]
        if isinstance(part, tuple):
            self._file.seek(part[0] + within)
            found = self._file.read(size)
        else:
            found = part[within : within + size]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def whole_picture(file: IO[bytes]) -> IO[bytes]:
    """The file itself, or one with the page of the full size where it begins with a thumbnail.

    UnusablePictureError where there is none that can be decoded. What is damaged, or no TIFF, is
    given back unchanged.
    """
    file.seek(0)
    head = file.read(8)
    file.seek(0)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None or len(head) < 8:
        return file
    try:
        pages = list(_pages(file, order, struct.unpack(order + "I", head[4:])[0]))
    except (struct.error, ValueError, OverflowError):
        pages = []
    file.seek(0)
    if not pages or not (pages[0].number(_SUBFILE) & 1 or any(page.of_sensor for page in pages)):
        return file
    found = [(0, 0, file)] + [
        (*candidate[0], candidate[1])
        for page in pages
        for candidate in _pictures_of(file, order, page, pages[0].number(_ORIENTATION, 1))
    ]
    width, height, picture = max(found, key=lambda each: each[0] * each[1])
    full = max((page.size for page in pages), key=lambda size: size[0] * size[1])
    if max(width, height) < _WHOLE * max(full):
        raise UnusablePictureError(
            f"{full[0]} x {full[1]} as the sensor gave it, and no picture of it larger than "
            f"{width} x {height}: develop it to JPEG or TIFF first"
            if any(page.of_sensor for page in pages)
            else f"a TIFF that begins with a thumbnail, and whose page of {full[0]} x {full[1]} "
            "cannot be decoded"
        )
    picture.seek(0)
    return picture


def _pages(file: IO[bytes], order: str, first: int) -> Iterator[_Page]:
    """The pages of a TIFF, each once, with those that stand within others."""
    waiting, seen = [first], set[int]()
    while waiting and len(seen) < _MOST_PAGES:
        start = waiting.pop(0)
        if start in seen or not start:
            continue
        seen.add(start)
        file.seek(start)
        (count,) = struct.unpack(order + "H", file.read(2))
        if count > _MOST_TAGS:
            continue
        table = file.read(12 * count)
        after = file.read(4)
        entries = [table[at : at + 12] for at in range(0, 12 * count, 12)]
        page = _Page(tuple(entries), dict(_numbers(file, order, entries)))
        yield page
        waiting += page.numbers.get(_PAGES, ())
        waiting += struct.unpack(order + "I", after) if len(after) == 4 else ()


def _numbers(
    file: IO[bytes], order: str, entries: list[bytes]
) -> Iterator[tuple[int, tuple[int, ...]]]:
    wanted = (_SUBFILE, _WIDTH, _HEIGHT, _COMPRESSION, _COLOURS, _STRIPS, _ORIENTATION, _LENGTHS,
              _PAGES, _JPEG_START, _JPEG_LENGTH)  # fmt: skip
    for entry in entries:
        tag, kind, count = struct.unpack_from(order + "HHI", entry)
        if tag not in wanted or kind not in _WIDTH_OF or not 0 < count <= _MOST_PAGES:
            continue
        pattern = struct.Struct(f"{order}{count}{_WIDTH_OF[kind]}")
        if pattern.size <= 4:
            yield tag, pattern.unpack_from(entry, 8)
            continue
        (offset,) = struct.unpack_from(order + "I", entry, 8)
        file.seek(offset)
        yield tag, pattern.unpack(file.read(pattern.size))


def _pictures_of(
    file: IO[bytes], order: str, page: _Page, orientation: int
) -> Iterator[tuple[tuple[int, int], IO[bytes]]]:
    """What can be decoded of a page: a JPEG in it, and the page itself; each with its size."""
    start, length = page.number(_JPEG_START), page.number(_JPEG_LENGTH)
    strips = page.numbers.get(_STRIPS, ())
    if not start and page.number(_COMPRESSION) in _JPEG and len(strips) == 1:
        start, length = strips[0], page.number(_LENGTHS)
    if page.of_sensor:
        return
    if start and length and (size := _jpeg_size(file, start, length)) is not None:
        turned = b"" if orientation == 1 else _turning(orientation)
        yield size, _buffered(file, [b"\xff\xd8" + turned, (start + 2, length - 2)])
    elif strips or page.number(_COMPRESSION) not in (0, *_JPEG):
        yield page.size, _first_page(file, order, page, orientation)


def _jpeg_size(file: IO[bytes], start: int, length: int) -> tuple[int, int] | None:
    file.seek(start)
    if file.read(3) != b"\xff\xd8\xff":
        return None
    try:
        return JpegImagePlugin.JpegImageFile(_buffered(file, [(start, length)])).size
    except (SyntaxError, ValueError, struct.error, IndexError, KeyError, TypeError, EOFError):
        return None


def _turning(orientation: int) -> bytes:
    """A JPEG's segment of EXIF that says how it lies; its own one, which follows, says no more."""
    tiff = struct.pack("<2sHIHHHIII", b"II", 42, 8, 1, _ORIENTATION, 3, 1, orientation, 0)
    body = b"Exif\0\0" + tiff
    return b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body


def _first_page(file: IO[bytes], order: str, page: _Page, orientation: int) -> IO[bytes]:
    """The TIFF with `page`, and no other, as its first."""
    entries = list(page.entries)
    if _ORIENTATION not in page.numbers:
        entries.append(struct.pack(order + "HHIHH", _ORIENTATION, 3, 1, orientation, 0))
    entries.sort(key=lambda entry: struct.unpack_from(order + "H", entry))
    end = file.seek(0, io.SEEK_END)
    end += end % 2
    body = struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    file.seek(0)
    head = file.read(4) + struct.pack(order + "I", end)
    size = file.seek(0, io.SEEK_END)
    return _buffered(file, [head, (8, size - 8), bytes(end - size) + body])


def _buffered(file: IO[bytes], parts: list[bytes | tuple[int, int]]) -> IO[bytes]:
    return io.BufferedReader(_Spliced(file, parts))
