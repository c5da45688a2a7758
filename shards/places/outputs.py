"""Can a command write where it is asked to? Checked before the work, and explained afterwards.

An OSError from writing becomes a sentence for the user here and nowhere else.
"""

import errno
import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from shards.base.errors import InputError, RunError

_ADVICE = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room within your quota",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f)",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
}
_NEVER = (errno.ENAMETOOLONG, errno.ELOOP)
_LONGEST_NAME = 255
_HALF_MADE = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{32}\.tmp(\..+)?")


def require_folder(folder: Path, option: str = "--out") -> None:
    """InputError where `folder` cannot be a folder; RunError where it cannot be written.

    Creates nothing: meant for before the work.
    """
    where = f"{option} {folder}"
    there = _nearest(folder, where)
    if there == folder.absolute() and not there.is_dir():
        raise _wrong(where, "a folder", "a file", "name another folder")
    _require_writable(there, where)


def require_file(path: Path, option: str = "--out") -> None:
    """The same for a file to write, which may exist already."""
    where = f"{option} {path}"
    there = _nearest(path, where)
    if there != path.absolute():
        _require_writable(there, where)
    elif stat.S_ISREG(there.stat().st_mode):
        _require_writable(there.parent, where)
    else:
        found = "a folder" if there.is_dir() else "no regular file"
        raise _wrong(where, "a file to write", found, "name another file")


def _nearest(path: Path, where: str) -> Path:
    """The path itself if it exists, or its nearest existing parent."""
    for name in path.parts:
        if len(os.fsencode(name)) > _LONGEST_NAME:
            found = f"one of {len(os.fsencode(name))} bytes"
            remedy = "give a shorter one"
            raise _wrong(where, f"names of at most {_LONGEST_NAME} bytes", found, remedy)
    whole = path.absolute()
    for place in (whole, *whole.parents):
        try:
            place.stat()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            if error.errno in _NEVER:
                found = os.strerror(error.errno)
                raise _wrong(where, "a place that can be written", found, "name another") from None
            raise unwritten(error, where, "nothing was changed") from None
        return place
    return Path(whole.anchor)


def _require_writable(folder: Path, where: str) -> None:
    if not folder.is_dir():
        raise _wrong(where, "a place in a folder", f"a file in its way, {folder}", "name another")
    if os.access(folder, os.W_OK | os.X_OK):
        return
    read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
    number = errno.EROFS if read_only else errno.EACCES
    error = OSError(number, f"{os.strerror(number)}: {folder}")
    raise unwritten(error, where, "nothing was changed")


def _wrong(where: str, expected: str, found: str, remedy: str) -> InputError:
    return InputError(where, expected=expected, found=found, remedy=remedy)


@contextmanager
def writing(
    place: Path | str,
    kept: str = "what is finished is kept",
) -> Iterator[None]:
    """Turn an OSError of the work inside into a RunError about `place`."""
    try:
        yield
    except OSError as error:
        raise unwritten(error, str(place), kept) from None


@contextmanager
def saving(folder: Path, state: Path) -> Iterator[None]:
    """The same for a training that saves its `state` from time to time and resumes from it."""
    try:
        yield
    except OSError as error:
        if not state.exists():
            raise unwritten(error, str(folder), "nothing is kept") from None
        kept = f"{state} is kept as it was saved last"
        raise unwritten(error, str(folder), kept, "run the same command with --resume") from None


def unwritten(
    error: OSError, place: str, kept: str, again: str = "run the same command again"
) -> RunError:
    """The RunError for an OSError while writing.

    A temporary file is reported by the name it was going to get.
    """
    where = place
    if error.filename:
        path = Path(os.fsdecode(error.filename))
        half = _HALF_MADE.fullmatch(path.name)
        where = str(path.with_name(half["name"]) if half else path)
    found = error.strerror or str(error)
    return RunError(
        where,
        expected="a place that can be written",
        found=found,
        remedy=f"{kept}; {_ADVICE.get(error.errno or 0, 'see to that')} and {again}",
    )


class _RecordingFile(io.FileIO):
    """A file that remembers the OSError of a failed write."""

    error: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self.error = error
            raise
        return size


@contextmanager
def open_for_library(path: Path) -> Iterator[BinaryIO]:
    """A new file for a library that hides why a write failed, as torch does.

    The original OSError is raised instead of the library's error.
    """
    with _RecordingFile(path, "wb") as file:
        try:
            yield file
        except (OSError, RuntimeError):
            if file.error is not None:
                raise file.error from None
            raise
