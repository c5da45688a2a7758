"""Integrity of picture files: whole ones told from damaged ones, where decoders say nothing.

Pillow gives a JPEG that was cut and closed again a grey lower half, without a word, and does not
read the checksums of a PNG's pixel data. The checks here are made before a picture is used.
"""

import struct
import zlib

import simplejpeg

from shards.base.names import printable
from shards.pixels.codecs import require_few_scans

_PNG_SIGNATURE = 8
_CHUNK_FRAME = 12
_PIECE = 1 << 20
_MOST_CHUNKS = 10_000
_PNG_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_ADAM7 = ((0, 8, 0, 8), (4, 8, 0, 8), (0, 4, 4, 8), (2, 4, 0, 4), (0, 2, 2, 4), (1, 2, 0, 2),
          (0, 1, 1, 2))  # fmt: skip
"""First column and step, first row and step, of each pass of an interlaced PNG."""


class UnusablePictureError(Exception):
    """Why a file cannot be used as a picture, in a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(printable(reason))  # decoders quote the bytes that they stumble over


class NoFileError(UnusablePictureError):
    """There is no file of that name."""


def refuse_damage(data: bytes, format: str | None, mode: str) -> None:
    """Raise UnusablePictureError where the bytes of a PNG or JPEG are not whole.

    `format` and `mode` are what Pillow calls them. Other formats have no checksums to compare;
    their decoders refuse what is cut short. A flipped bit in a JPEG may still pass: nothing in
    the format would show it.
    """
    fault = None
    if format == "PNG":
        fault = _png_fault(data)
    elif format in ("JPEG", "MPO"):
        fault = _jpeg_fault(data, mode)
    if fault is not None:
        raise UnusablePictureError(f"damaged picture: {fault}")


def _png_fault(data: bytes) -> str | None:
    """What is wrong with a PNG; None where every checksum is right and no row is missing."""
    view = memoryview(data)
    start = _PNG_SIGNATURE
    rows: _PngRows | None = None
    others = 0
    while start + _CHUNK_FRAME <= len(data):
        length = int.from_bytes(view[start : start + 4], "big")
        end = start + _CHUNK_FRAME + length
        kind = bytes(view[start + 4 : start + 8]).decode("ascii", "replace")
        if end > len(data):
            return f"it ends within its {kind} chunk"
        (written,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(view[start + 4 : end - 4]) != written:
            return f"wrong checksum of its {kind} chunk"
        if kind == "IEND":
            return None if rows is not None and rows.whole else "rows are missing"
        if kind == "IDAT":
            rows = rows or _PngRows(data)
            try:
                rows.feed(view[start + 8 : end - 4])
            except zlib.error as error:
                return str(error)
        else:
            others += 1
            if others > _MOST_CHUNKS:
                return f"over {_MOST_CHUNKS:,} chunks beside its pixels"
        start = end
    return "it ends before its IEND chunk"


class _PngRows:
    """Counts the bytes that the pixel data of a PNG come to; Pillow fills up what is missing."""

    def __init__(self, data: bytes) -> None:
        width, height, bits, colour = struct.unpack_from(">IIBB", data, 16)
        passes = _ADAM7 if data[28] else ((0, 1, 0, 1),)
        self._missing = 0
        for left, step_x, top, step_y in passes:
            columns = len(range(left, width, step_x))
            if columns:
                row = 1 + -(-columns * bits * _PNG_CHANNELS[colour] // 8)
                self._missing += row * len(range(top, height, step_y))
        self._stream = zlib.decompressobj()

    @property
    def whole(self) -> bool:
        """Whether all rows were there."""
        return self._missing <= 0

    def feed(self, part: memoryview) -> None:
        """Take the data of one chunk, unpacked piece by piece and dropped."""
        fed: bytes | memoryview = part
        while self._missing > 0:
            out = self._stream.decompress(fed, _PIECE)
            self._missing -= len(out)
            fed = self._stream.unconsumed_tail
            if not out and not fed:
                break


def _jpeg_fault(data: bytes, mode: str) -> str | None:
    """What libjpeg-turbo says when it reads all of the entropy-coded data, at 1/8 of the size."""
    space = "CMYK" if mode == "CMYK" else "GRAY"
    try:
        require_few_scans(data)
    except ValueError as error:
        return str(error)
    try:
        simplejpeg.decode_jpeg(data, colorspace=space, min_width=1, min_height=1, min_factor=8)
    except ValueError as error:
        fault = str(error)
        return fault if fault.startswith(("Corrupt", "Premature")) else None
    return None
