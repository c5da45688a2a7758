"""Decontaminated pictures: each is made once for all processes of a build, as it takes long."""

import struct
import zlib
from pathlib import Path

from PIL import Image

from pipeline.machine.kept_files import keep, read_kept
from pipeline.sources.decontaminate import decontaminate
from shards.base.files import folder_within

_IN_ONE_FOLDER = 1000
_SIZE = struct.Struct("<II")
_MOST_BYTES = 1 << 30


def own_colours(picture: Image.Image, index: int, folder: Path | None) -> Image.Image:
    """The "RGBA" `picture` of placeable `index` decontaminated, and kept if there is a `folder`."""
    if folder is None:
        return decontaminate(picture)
    group, name = f"own-{index // _IN_ONE_FOLDER:06d}", f"{index:09d}"
    found = _read(folder / group / name, picture.size)
    if found is None:
        found = decontaminate(picture)
        body = _SIZE.pack(*found.size) + zlib.compress(found.tobytes(), 1)
        keep(folder_within(folder.parent, folder.name, group) / name, body)
    return found


def _read(path: Path, size: tuple[int, int]) -> Image.Image | None:
    """The picture in a file; None where there is none of that size."""
    body = read_kept(path, _MOST_BYTES)
    if body is None or body[: _SIZE.size] != _SIZE.pack(*size):
        return None
    wanted = 4 * size[0] * size[1]
    try:
        pixels = zlib.decompressobj().decompress(body[_SIZE.size :], wanted + 1)
    except zlib.error:
        return None
    return Image.frombytes("RGBA", size, pixels) if len(pixels) == wanted else None
