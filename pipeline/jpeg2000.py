"""What a JPEG 2000 asks of its decoder, read from its markers before the decoder is.

OpenJPEG makes an object of every tile, precinct and code block that the header speaks of, whether
there is a byte of data for it or not: 265 bytes with tiles of one pixel took 771 MB, 277 bytes
with precincts of two 432 MB.
"""

import math
import struct
from typing import IO

from pipeline.damage import UnusablePictureError

MOST_TILES = 4096
MOST_COMPONENTS = 4
LEAST_PRECINCT = 12
"""Pixels of the whole picture that a precinct stands for, as a power of two: 64 x 64."""
LEAST_BLOCK = 8
"""Pixels of a code block, as a power of two: 16 x 16."""

_MOST_PARTS = 10_000
_CODESTREAM = b"\xff\x4f\xff\x51"
_SIZ, _COD, _COC, _SOT, _SOD, _EOC = 0xFF51, 0xFF52, 0xFF53, 0xFF90, 0xFF93, 0xFFD9
_OTHERS = (0xFF50, 0xFF55, 0xFF57, 0xFF58, 0xFF5C, 0xFF5D, 0xFF5E, 0xFF5F, 0xFF60, 0xFF61, 0xFF63,
           0xFF64, 0xFF74, 0xFF75, 0xFF77, 0xFF78)  # fmt: skip
"""Markers of headers that say nothing of sizes. A decoder looks into unknown ones."""


def refuse_costly_coding(file: IO[bytes]) -> None:
    """Raise UnusablePictureError for more tiles, or finer pieces, than any picture needs.

    What is no whole header is left to the decoder, which refuses it.
    """
    try:
        start = _find_codestream(file)
        if start is None:
            return
        file.seek(start + 2)
        _check_main_header(file)
        for _ in range(_MOST_PARTS):
            if not _check_tile_part(file):
                return
    except (struct.error, IndexError):
        return
    raise UnusablePictureError(f"a JPEG 2000 in over {_MOST_PARTS:,} parts of tiles")


def _find_codestream(file: IO[bytes]) -> int | None:
    """Where the codestream begins: at once, or in the first box of its kind."""
    file.seek(0)
    if file.read(4) == _CODESTREAM:
        return 0
    position = 0
    for _ in range(_MOST_PARTS):
        file.seek(position)
        length, kind = struct.unpack(">I4s", file.read(8))
        head = 8
        if length == 1:
            (length,) = struct.unpack(">Q", file.read(8))
            head = 16
        if kind == b"jp2c":
            return position + head
        if length < head:
            return None
        position += length
    raise UnusablePictureError(f"a JPEG 2000 of over {_MOST_PARTS:,} boxes")


def _read_segment(file: IO[bytes]) -> tuple[int, bytes]:
    """A marker and what stands with it; nothing with the start of data and the end."""
    (marker,) = struct.unpack(">H", file.read(2))
    if marker in (_SOD, _EOC):
        return marker, b""
    if marker not in (_SIZ, _COD, _COC, _SOT, *_OTHERS):
        raise UnusablePictureError(f"a JPEG 2000 with the marker {marker:04x} in a header")
    (length,) = struct.unpack(">H", file.read(2))
    return marker, file.read(max(0, length - 2))


def _check_main_header(file: IO[bytes]) -> None:
    components = 1
    while True:
        begin = file.tell()
        marker, body = _read_segment(file)
        if marker == _SIZ:
            components = _check_tiles(body)
        elif marker == _COD:
            _check_pieces(body[0], body[5:])
        elif marker == _COC:
            style = 1 if components < 257 else 2
            _check_pieces(body[style], body[style + 1 :])
        elif marker in (_SOT, _SOD, _EOC):
            file.seek(begin)
            return


def _check_tile_part(file: IO[bytes]) -> bool:
    """Look through the header of a part of a tile; False where it is the last."""
    begin = file.tell()
    marker, body = _read_segment(file)
    if marker != _SOT:
        return False
    (length,) = struct.unpack_from(">I", body, 2)
    while marker not in (_SOD, _EOC):
        marker, _ = _read_segment(file)
        if marker in (_COD, _COC):
            raise UnusablePictureError("a JPEG 2000 with a coding of its own in a tile")
    file.seek(begin + length)
    return bool(length)


def _check_tiles(body: bytes) -> int:
    """How many components a picture has; raises where there are too many, or of tiles."""
    _, width, height, _, _, across, down, left, top, components = struct.unpack_from(">H8IH", body)
    if components > MOST_COMPONENTS:
        raise UnusablePictureError(f"a JPEG 2000 of {components:,} components")
    if across and down:
        tiles = math.ceil((width - left) / across) * math.ceil((height - top) / down)
        if tiles > MOST_TILES:
            raise UnusablePictureError(f"a JPEG 2000 in {tiles:,} tiles, over {MOST_TILES:,}")
    return int(components)


def _check_pieces(style: int, coding: bytes) -> None:
    """Raise where code blocks or precincts are smaller than any encoder makes them."""
    levels, block = coding[0], coding[1] + 2 + coding[2] + 2
    sizes = coding[5 : 5 + levels + 1] if style & 1 else b""
    precincts = [
        (size & 15) + (size >> 4) + 2 * (levels - index) for index, size in enumerate(sizes)
    ]
    if block < LEAST_BLOCK or min(precincts, default=LEAST_PRECINCT) < LEAST_PRECINCT:
        raise UnusablePictureError("a JPEG 2000 in pieces of a few pixels")
