"""Decontaminated pictures: each is made once for all processes of a build, as it takes long."""

import struct
import zlib
from pathlib import Path

from PIL import Image

from pipeline.machine.kept_files import keep, read_kept
from pipeline.sources.decontaminate import decontaminate

_KIND = "own"
_SIZE = struct.Struct("<II")
_MOST_BYTES = 1 << 30


def own_colours(picture: Image.Image, index: int, folder: Path | None) -> Image.Image:
    """The "RGBA" `picture` of placeable `index` decontaminated, and kept if there is a `folder`."""
    if folder is None:
        return decontaminate(picture)
    found = _read(folder, index, picture.size)
    if found is None:
        found = decontaminate(picture)
        body = _SIZE.pack(*found.size) + zlib.compress(found.tobytes(), 1)
        keep(folder, _KIND, index, body)
    return found


def _read(folder: Path, index: int, size: tuple[int, int]) -> Image.Image | None:
    """The picture that was kept; None where there is none of that size."""
    body = read_kept(folder, _KIND, index, _MOST_BYTES)
    if body is None or body[: _SIZE.size] != _SIZE.pack(*size):
        return None
    wanted = 4 * size[0] * size[1]
    try:
        pixels = zlib.decompressobj().decompress(body[_SIZE.size :], wanted + 1)
    except zlib.error:
        return None
    return Image.frombytes("RGBA", size, pixels) if len(pixels) == wanted else None
