"""The bytes of one shard file by offset, read when asked for and never mapped.

A mapped file that another process cuts short ends its readers without a word (SIGBUS), and the
kernel maps only so many files. So files are read with `pread`, and of those that were opened only
the descriptors used last stay open: their number does not grow with that of the shards.
"""

import errno
import hashlib
import itertools
import os
import resource
import stat
import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeVar

from shards.base.retrying import is_passing, retry_passing

Found = TypeVar("Found")

_SHARE = 4
"""A process keeps a quarter of the descriptors it may have for shards, and at least..."""
_LEAST, _MOST = 16, 1024
_PIECE = 1 << 20
_GONE = (errno.ESTALE, errno.EBADF)
"""What reading gives where a server has another file of that name by now, or a program closed all
descriptors that it did not know."""


class UnreadableShardError(Exception):
    """What is wrong with the structure of a shard file, in a few words."""


class SomeBytes(Protocol):
    """What a scan reads: bytes of a known number, by slices."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice) -> bytes: ...


class _Descriptor:
    """An open file; closed when nobody holds it, so never under a thread that reads from it."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self, close: Callable[[int], None] = os.close) -> None:
        with suppress(OSError):  # somebody closed it
            close(self.number)


class _Descriptors:
    """The descriptors used last, by file, for all threads of a process."""

    def __init__(self) -> None:
        soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = _MOST if soft < 0 else min(_MOST, max(_LEAST, soft // _SHARE))
        self._gone: deque[int] = deque()
        self._begin_anew()
        os.register_at_fork(after_in_child=self._begin_anew)

    def _begin_anew(self) -> None:
        """Hold none; a lock that another thread held during a fork would never be free."""
        self._lock = threading.Lock()
        self._recent: OrderedDict[int, _Descriptor] = OrderedDict()

    def find(self, key: int) -> _Descriptor | None:
        """The descriptor of a file, where it is still open."""
        with self._lock:
            found = self._recent.get(key)
            if found is not None:
                self._recent.move_to_end(key)
            return found

    def keep(self, key: int, descriptor: _Descriptor) -> None:
        """Keep a file open, and let go of those that were not used for longest."""
        self.sweep()
        with self._lock:
            released = [self._recent.pop(key, None)]  # closed when nobody holds the lock
            self._recent[key] = descriptor
            while len(self._recent) > self._most:
                released.append(self._recent.popitem(last=False)[1])

    def forget(self, key: int) -> None:
        """Close a file at the next sweep: the collector may call this at any moment."""
        self._gone.append(key)

    def sweep(self) -> None:
        """Close the files that were forgotten."""
        with self._lock:
            released = []
            while self._gone:
                released.append(self._recent.pop(self._gone.popleft(), None))


_DESCRIPTORS = _Descriptors()
_KEYS = itertools.count()


class ShardBytes:
    """A regular file as bytes: `len` and slices; UnreadableShardError where it is no such file.

    RunError where it cannot be read at the moment, which does not mean damage.

    Its length is that of when it was opened. It may be read from several threads, and after a
    fork. Another file may take its place meanwhile, if it has this `sha256`: readers
    survive a repair or an equal build.
    """

    def __init__(self, path: Path, sha256: str | None = None) -> None:
        self._path = path.absolute()  # it may be opened again after a change of folders
        self.sha256 = sha256
        self._key = next(_KEYS)
        self._identity: tuple[int, int, int] | None = None
        self._forget = weakref.finalize(self, _DESCRIPTORS.forget, self._key)
        self._length = self._retry(lambda: os.fstat(self._open().number).st_size)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._length)
        return self._retry(lambda: self._read(start, stop))

    def close(self) -> None:
        """Let go of the file."""
        self._forget()
        _DESCRIPTORS.sweep()

    def _retry(self, call: Callable[[], Found]) -> Found:
        def attempt() -> Found:
            try:
                return call()
            except OSError as error:
                if is_passing(error):
                    raise
                raise UnreadableShardError(error.strerror or str(error)) from None

        return retry_passing(self._path, attempt)

    def _read(self, start: int, stop: int) -> bytes:
        file = _DESCRIPTORS.find(self._key) or self._open()  # held: its number may be taken anew
        try:
            return _read(file, start, stop)
        except OSError as error:
            if error.errno not in _GONE:
                raise
        return _read(self._open(), start, stop)

    def _open(self) -> _Descriptor:
        """The file, opened (again) and checked to be the one that it was."""
        # without O_NONBLOCK a pipe would be waited for
        file = _Descriptor(os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        about = os.fstat(file.number)
        if not stat.S_ISREG(about.st_mode):
            raise UnreadableShardError("no file")
        if not about.st_size:
            raise UnreadableShardError("an empty file")
        identity = about.st_dev, about.st_ino, about.st_size
        if self._identity not in (None, identity) and not self._is_equal(file, about.st_size):
            raise UnreadableShardError("another file than when it was opened")
        self._identity = identity
        if self._forget.alive:
            _DESCRIPTORS.keep(self._key, file)
        return file

    def _is_equal(self, file: _Descriptor, size: int) -> bool:
        """Whether a file that took the place of this one holds the same bytes."""
        if self.sha256 is None or size != self._length:
            return False
        with open(os.dup(file.number), "rb") as whole:
            whole.seek(0)
            return hashlib.file_digest(whole, "sha256").hexdigest() == self.sha256


def _read(file: _Descriptor, start: int, stop: int) -> bytes:
    data = os.pread(file.number, stop - start, start)
    while len(data) < stop - start:  # the kernel gives at most 2 GiB at once
        more = os.pread(file.number, stop - start - len(data), start + len(data))
        if not more:
            raise UnreadableShardError(f"the end of the file before byte {stop}")
        data += more
    return data


class HashedBytes:
    """A file for a scan that hashes every byte on the way, in order: one pass does for both.

    It is read in large pieces, of which the scan gets what it asks for.
    """

    def __init__(self, file: ShardBytes) -> None:
        self._file, self._length = file, len(file)
        self._sha256 = hashlib.sha256()
        self._hashed = self._begin = 0
        self._piece = b""

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._length)
        if not self._begin <= start <= stop <= self._begin + len(self._piece):
            if stop <= self._hashed:
                return self._file[start:stop]
            self._hash_up_to(start)
            self._begin, self._piece = start, self._read(start, max(stop, start + _PIECE))
        return self._piece[start - self._begin : stop - self._begin]

    def hexdigest(self) -> str:
        """SHA-256 of the whole file, in hexadecimal."""
        self._hash_up_to(self._length)
        return self._sha256.hexdigest()

    def _hash_up_to(self, position: int) -> None:
        while self._hashed < position:
            self._read(self._hashed, min(position, self._hashed + _PIECE))

    def _read(self, start: int, stop: int) -> bytes:
        """Bytes from no later than the first that is not hashed yet, which are hashed."""
        data = self._file[start:stop]
        self._sha256.update(memoryview(data)[self._hashed - start :])
        self._hashed = start + len(data)
        return data
