"""Files that the processes of a build share until it is finished: what one made, others read.

They lie by kind and number in the build's own folder, two below the data set's. Two who make one
write the same bytes. One that is not whole, after a crash of the machine, is made again.
"""

import os
import zlib
from pathlib import Path

from shards.base.files import folder_within, temporary_beside

_CHECKSUM_BYTES = 4
_IN_ONE_FOLDER = 1000


def read_kept(folder: Path, kind: str, index: int, most: int) -> bytes | None:
    """What was kept; None where it is missing, damaged, or over `most` bytes."""
    path = folder / _group(kind, index) / _name(index)
    if not path.is_file() or path.stat().st_size > most + _CHECKSUM_BYTES:
        return None
    data = path.read_bytes()
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return body if _checksum(body) == checksum else None


def keep(folder: Path, kind: str, index: int, body: bytes) -> None:
    """Keep bytes in a file, whole or not at all; RunError where a link leads elsewhere."""
    group = folder_within(folder.parents[1], *folder.parts[-2:], _group(kind, index))
    path = group / _name(index)
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(body + _checksum(body))
        os.replace(temporary, path)  # not synced: what a crash of the machine cuts is made again
    finally:
        temporary.unlink(missing_ok=True)


def _group(kind: str, index: int) -> str:
    return f"{kind}-{index // _IN_ONE_FOLDER:06d}"


def _name(index: int) -> str:
    return f"{index:09d}"


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little")
