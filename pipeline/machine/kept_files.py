"""Files that the processes of a build share until it is finished: what one made, others read.

Two who make the same one write the same bytes. A file that is not whole, after a crash of the
machine, is made again.
"""

import os
import zlib
from pathlib import Path

from shards.base.files import temporary_beside

_CHECKSUM_BYTES = 4


def read_kept(path: Path, most: int) -> bytes | None:
    """What was kept in a file; None where it is missing, damaged, or over `most` bytes."""
    if not path.is_file() or path.stat().st_size > most + _CHECKSUM_BYTES:
        return None
    data = path.read_bytes()
    body, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    return body if _checksum(body) == checksum else None


def keep(path: Path, body: bytes) -> None:
    """Keep bytes in a file, whole or not at all."""
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(body + _checksum(body))
        os.replace(temporary, path)  # not synced: what a crash of the machine cuts is made again
    finally:
        temporary.unlink(missing_ok=True)


def _checksum(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CHECKSUM_BYTES, "little")
