"""One builder at a time: a lock in the folder of a data set.

It is a hidden file locked by the kernel, which frees it however the holder ends. It contains the
name of the holder and is deleted after the build. (The filelock package leaves its file behind,
and equal builds must leave equal files.)
"""

import errno
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipeline.planning.parts import Part
from shards.base.errors import RunError
from shards.base.files import open_in_place

_WHOLE = ".build.lock"
_ANY = re.compile(r"\.build(-\d+-of-\d+)?\.lock")
_NO_LOCKS_HERE = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP)


def is_lock(name: str) -> bool:
    """Whether a file name is that of a lock."""
    return _ANY.fullmatch(name) is not None


@contextmanager
def builder_lock(out: Path, part: Part | None = None) -> Iterator[None]:
    """Hold the folder `out`, or one part of its shards; RunError names another holder.

    Parts do not exclude each other; a whole build excludes every other. Does nothing on a file
    system without locks.
    """
    name = _WHOLE if part is None else f".build-{part.index}-of-{part.count}.lock"
    descriptor = _take(out / name)
    try:
        others = out.iterdir() if part is None else [out / _WHOLE]
        for other in others:
            if is_lock(other.name) and other.name != name and other.exists():
                _let_go(other, _take(other))  # left behind by a holder that died
        yield
    finally:
        _let_go(out / name, descriptor)


def _take(path: Path) -> int | None:
    """The descriptor that holds the lock `path`; None where there are no locks."""
    while True:
        descriptor = _open(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
                _sign(descriptor)
                return descriptor
        except FileNotFoundError:
            pass  # the holder unlinked it just now, as when the file is another by now: try again
        except BlockingIOError:
            holder = os.pread(descriptor, 200, 0).decode("utf-8", "replace").strip()
            os.close(descriptor)
            raise _held(path, holder or "another process") from None
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NO_LOCKS_HERE:
                return None
            raise
        os.close(descriptor)


def _open(path: Path) -> int:
    """The lock's descriptor; a file that another user left can be locked but not signed."""
    try:
        return open_in_place(path, os.O_RDWR)
    except PermissionError:
        if not path.exists():
            raise  # no such file: the folder cannot be written
    try:
        return os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError as error:
        raise RunError(
            str(path),
            expected="a lock that may be opened",
            found=f"one of {_owner(path)}: {error.strerror}",
            remedy="wait until that user's build ends; if there is none, have the file removed",
        ) from None


def _owner(path: Path) -> str:
    try:
        return f"the user {path.owner()}"
    except (KeyError, OSError):
        return "another user"


def _sign(descriptor: int) -> None:
    with suppress(OSError):  # a full disk: the lock works without a name
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)


def _let_go(path: Path, descriptor: int | None) -> None:
    with suppress(OSError):
        path.unlink()
    if descriptor is not None:
        os.close(descriptor)


def _held(path: Path, holder: str) -> RunError:
    return RunError(
        f"--out {path.parent}",
        expected="no other build of this data set at the same time",
        found=f"one by {holder}, which holds {path.name}",
        remedy="wait until it ends or stop it; this command has changed nothing",
    )
