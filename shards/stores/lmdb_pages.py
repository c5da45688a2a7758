"""The entries of an LMDB file, read from its pages, each offset checked before it is followed.

The C library trusts the pages it maps: page numbers, node offsets and sizes of a damaged or
hostile file lead it outside, and the process dies. Shards need little of it, one tree written in
one transaction, so they are read here. The layout is that of LMDB 0.9 (data version 1) on
little-endian machines with 64 bits; `mdb.c` of the library describes it.
"""

import struct
from collections.abc import Iterator

from shards.stores.indexed_shard import Member
from shards.stores.shard_bytes import SomeBytes, UnreadableShardError

_MAGIC, _VERSION = 0xBEEFC0DE, 1
_HEADER = struct.Struct("<QHHHH")  # page number, pad, flags, lower, upper
_META = struct.Struct("<IIQQ")  # magic, version, address, map size
_TREE = struct.Struct("<IHHQQQQQ")  # pad, flags, depth, branches, leaves, overflows, entries, root
_LAST = struct.Struct("<QQ")  # last page, transaction
_NODE = struct.Struct("<HHHH")  # low, high, flags, key size
_NUMBER = struct.Struct("<Q")
_BRANCH, _LEAF, _OVERFLOW, _META_PAGE = 1, 2, 4, 8
_BIG = 1
_NO_ROOT = 2**64 - 1
_META_BYTES = 152
_DEEPEST = 32


def scan_lmdb(file: SomeBytes) -> Iterator[Member]:
    """Name, offset and size of every entry of the main tree, in order of name."""
    tree = _newest_tree(file)
    if tree is None:
        return
    page_size, depth, entries, root = tree
    pages = _Pages(file, page_size)
    found = 0
    for member in pages.walk(root, depth):
        found += 1
        yield member
    if found != entries:
        raise UnreadableShardError(f"{found} entries where its header says {entries}")


def _newest_tree(file: SomeBytes) -> tuple[int, int, int, int] | None:
    """Page size, and depth, entries and root of the main tree of the last transaction."""
    newest: tuple[int, tuple[int, int, int, int]] | None = None
    page_size = 0
    for number in (0, 1):
        start = number * page_size
        if start + _META_BYTES > len(file):
            raise UnreadableShardError(f"{len(file)} bytes, too few for an LMDB file")
        page = file[start : start + _META_BYTES]
        _, _, flags, _, _ = _HEADER.unpack_from(page)
        magic, version, _, _ = _META.unpack_from(page, 16)
        if magic != _MAGIC or not flags & _META_PAGE:
            raise UnreadableShardError("no LMDB header")
        if version != _VERSION:
            raise UnreadableShardError(f"LMDB data version {version}; {_VERSION} is read")
        free = _TREE.unpack_from(page, 40)
        _, tree_flags, depth, _, _, _, entries, root = _TREE.unpack_from(page, 88)
        _, transaction = _LAST.unpack_from(page, 136)
        if not number:
            page_size = free[0]
        if free[0] != page_size or not 512 <= page_size <= 65536 or tree_flags:
            raise UnreadableShardError("an LMDB header that no shard has")
        if newest is None or transaction > newest[0]:
            newest = transaction, (page_size, depth, entries, root)
    if newest is None or newest[1][3] == _NO_ROOT:
        return None
    return newest[1]


class _Pages:
    """The tree pages of a file, each entered once."""

    def __init__(self, file: SomeBytes, page_size: int) -> None:
        self._file, self._size = file, page_size
        self._count = len(file) // page_size
        self._entered = bytearray(self._count)

    def walk(self, root: int, depth: int) -> Iterator[Member]:
        """Entries below a page, in order."""
        if depth > _DEEPEST:
            raise UnreadableShardError(f"a tree of depth {depth}")
        start = root * self._size
        page, nodes, flags = self._page(root)
        if flags & 0xF == _LEAF and depth == 1:
            for node in nodes:
                yield self._entry(start, page, node)
        elif flags & 0xF == _BRANCH and depth > 1:
            for node in nodes:
                low, high, top, _ = _NODE.unpack_from(page, node)
                yield from self.walk(low | high << 16 | top << 32, depth - 1)
        else:
            raise UnreadableShardError(f"page {root} is of another kind than its place")

    def _page(self, number: int) -> tuple[bytes, tuple[int, ...], int]:
        """A page, offsets of its nodes within it (checked), and its flags."""
        if not 2 <= number < self._count or self._entered[number]:
            raise UnreadableShardError(f"page {number} where it cannot be")
        self._entered[number] = 1
        page = self._file[number * self._size : (number + 1) * self._size]
        own, _, flags, lower, upper = _HEADER.unpack_from(page)
        if own != number or not _HEADER.size <= lower <= upper <= self._size or lower % 2:
            raise UnreadableShardError(f"page {number} does not hold together")
        nodes = struct.unpack_from(f"<{(lower - 16) // 2}H", page, 16)
        if any(not upper <= node <= self._size - _NODE.size for node in nodes):
            raise UnreadableShardError(f"page {number} points outside itself")
        return page, nodes, flags

    def _entry(self, start: int, page: bytes, node: int) -> Member:
        low, high, flags, key_size = _NODE.unpack_from(page, node)
        size = low | high << 16
        key = node + _NODE.size
        data = key + key_size
        if flags not in (0, _BIG) or data + (8 if flags else size) > self._size:
            raise UnreadableShardError(f"an entry at byte {start + node} that no shard has")
        name = page[key:data]
        if not flags:
            return name, start + data, size
        (number,) = _NUMBER.unpack_from(page, data)
        return name, self._overflow(number, size), size

    def _overflow(self, number: int, size: int) -> int:
        """Offset of a payload that fills pages of its own."""
        needed = -(-(_HEADER.size + size) // self._size)
        if not 2 <= number <= self._count - needed:
            raise UnreadableShardError(f"page {number} where it cannot be")
        start = number * self._size
        own, _, flags, low, high = _HEADER.unpack(self._file[start : start + _HEADER.size])
        if own != number or flags & 0xF != _OVERFLOW or low | high << 16 < needed:
            raise UnreadableShardError(f"page {number} does not hold together")
        return start + _HEADER.size
