"""HEIC pictures, as telephones take them: read where the extra that can is installed."""

import functools
import importlib.metadata
import importlib.util
from typing import IO

from pipeline.sources.formats.integrity import UnusablePictureError

PACKAGE = "pillow-heif"

_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_OTHERS = {b"avif", b"avis"}
_MOST_BRANDS = 64


def is_heif(file: IO[bytes]) -> bool:
    """Whether a file says that it is a HEIF picture, and no AVIF, which is made like one."""
    file.seek(0)
    head = file.read(8 + 4 * _MOST_BRANDS)
    file.seek(0)
    if head[4:8] != b"ftyp":
        return False
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[at : at + 4] for at in (8, *range(16, end, 4))}
    return not brands.isdisjoint(_BRANDS) and brands.isdisjoint(_OTHERS)


@functools.cache
def import_heif() -> None:
    """Have Pillow know HEIF in this process; UnusablePictureError where the extra is missing."""
    if importlib.util.find_spec("pillow_heif") is None:
        raise UnusablePictureError("HEIC, which takes an extra: pip install 'depthmask[heif]'")
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def heif_version() -> str:
    """The version of what decodes HEIF here, with that of libheif; "none" where nothing does."""
    try:
        own = importlib.metadata.version(PACKAGE)
    except importlib.metadata.PackageNotFoundError:
        return "none"
    from pillow_heif import libheif_version

    return f"{own} (libheif {libheif_version()})"
