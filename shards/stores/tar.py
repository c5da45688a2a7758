"""Tar shards: plain USTAR files that any tar, webdataset or our own reader opens.

Members are `KEY.FIELD` in order of key, then field, with mtime, uid and gid 0, so equal samples
give equal bytes. The reader finds members by offset; nothing is unpacked.
"""

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from shards.stores.indexed_shard import Member
from shards.stores.shard_bytes import SomeBytes, UnreadableShardError

_BLOCK = 512
_END = bytes(2 * _BLOCK)
_PIECE, _PIECES = 1 << 20, 64
_SIZE, _MAGIC = slice(124, 135), slice(257, 262)
_USTAR = np.frombuffer(b"ustar", np.uint8)


def _blank_header() -> bytearray:
    """The USTAR header of an empty regular file of mode 0644, its name and checksum to come."""
    header = bytearray(_BLOCK)
    header[100:108] = b"0000644\0"
    header[108:124] = b"0000000\0" * 2
    header[124:148] = b"00000000000\0" * 2
    header[148:156] = b" " * 8
    header[156] = ord("0")
    header[257:265] = b"ustar\00000"
    return header


_BLANK = _blank_header()
_BLANK_SUM = sum(_BLANK) - 11 * ord("0")


def _header(name: bytes, size: int) -> bytes:
    """A USTAR header for a regular file of mode 0644."""
    header, digits = _BLANK.copy(), b"%011o" % size
    header[0 : len(name)] = name
    header[124:135] = digits
    header[148:156] = b"%06o\0 " % (_BLANK_SUM + sum(name) + sum(digits))
    return bytes(header)


class TarWriter:
    """Writes one tar shard to `path`, hashing as it goes."""

    def __init__(self, path: Path, capacity: int) -> None:
        self._file = path.open("wb", buffering=1 << 20)
        self._sha256 = hashlib.sha256()
        self._bytes = 0

    def add(self, key: str, fields: dict[str, bytes]) -> None:
        """Append a sample; keys must come in order."""
        parts = []
        for field in sorted(fields):
            data = fields[field]
            parts += [_header(f"{key}.{field}".encode("ascii"), len(data)), data]
            parts.append(bytes(-len(data) % _BLOCK))
        self._write(b"".join(parts))

    def close(self) -> tuple[int, str]:
        """End the archive; its size in bytes and SHA-256."""
        self._write(_END)
        self._file.close()
        return self._bytes, self._sha256.hexdigest()

    def abort(self) -> None:
        """Stop writing; the file stays without its end."""
        with suppress(OSError):  # what is in the buffer has no room on a full disk, and no need
            self._file.close()

    def _write(self, data: bytes) -> None:
        self._sha256.update(data)
        self._bytes += len(data)
        self._file.write(data)


def scan_tar(file: SomeBytes) -> Iterator[Member]:
    """Name, offset and size of every member, in order; headers must be right to the last bit.

    The file is read in pieces, and what looks like a header is compared all at once; those count
    that lie where the one before says. A payload longer than a piece is leapt over.
    """
    position, end = 0, len(file)
    while True:
        found: list[tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]] = []
        while len(found) < _PIECES:
            piece = file[position : min(end, position + _PIECE)]
            if len(piece) < _BLOCK:
                raise UnreadableShardError(f"the end of the file at byte {end} inside the archive")
            if not piece[0]:
                break
            blocks = np.frombuffer(piece, np.uint8, len(piece) // _BLOCK * _BLOCK)
            blocks = blocks.reshape(-1, _BLOCK)  # (n, 512)
            places = np.flatnonzero(blocks[:, _MAGIC.start] == _USTAR[0])
            sizes = np.maximum(0, _octal(blocks[places, _SIZE]))
            chosen, following = _chain(places, places + 1 - -sizes // _BLOCK)
            if following < len(blocks) and blocks[following, 0]:
                raise _no_header(position + following * _BLOCK)
            places = places[chosen]
            found.append((blocks[places], position + places * _BLOCK, sizes[chosen]))
            position += following * _BLOCK
        if not found:
            return
        headers, starts, sizes = (np.concatenate(parts) for parts in zip(*found, strict=True))
        names = _checked_names(headers, starts)
        yield from zip(names, (starts + _BLOCK).tolist(), sizes.tolist(), strict=True)


def _octal(digits: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Numbers written in octal digits (n, k), int64 (n,)."""
    weights = 8 ** np.arange(digits.shape[1] - 1, -1, -1)
    numbers: NDArray[np.int64] = (digits.astype(np.int64) - ord("0")) @ weights
    return numbers


def _chain(places: NDArray[np.int64], followers: NDArray[np.int64]) -> tuple[list[int], int]:
    """Which of some places follow from each other, beginning at 0, and the place after the last."""
    chosen, expected = [], 0
    pairs = zip(places.tolist(), followers.tolist(), strict=True)
    for index, (place, follower) in enumerate(pairs):
        if place == expected:
            chosen.append(index)
            expected = follower
    return chosen, expected


def _no_header(position: int) -> UnreadableShardError:
    return UnreadableShardError(f"no tar header at byte {position}")


def _checked_names(headers: NDArray[np.uint8], starts: NDArray[np.int64]) -> list[bytes]:
    """The names in headers (n, 512), each one of a regular file with the right checksum."""
    fixed = (headers[:, _MAGIC] == _USTAR).all(axis=1) & (headers[:, 156] == ord("0"))
    good = fixed & (headers[:, _SIZE] - ord("0") < 8).all(axis=1)  # below "0" comes 208 and more
    if not good.all():
        raise _no_header(int(starts[np.argmin(good)]))
    digits = headers[:, 148:154].copy()
    headers[:, 148:156] = ord(" ")
    found = headers.sum(axis=1, dtype=np.uint32)
    wrong = np.flatnonzero((_octal(digits) != found) | (digits < ord("0")).any(axis=1))
    if wrong.size:
        raise UnreadableShardError(f"wrong checksum of the tar header at byte {starts[wrong[0]]}")
    names: list[bytes] = np.ascontiguousarray(headers[:, :100]).view("S100")[:, 0].tolist()
    return names
