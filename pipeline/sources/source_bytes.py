"""Source bytes: the one way to files and folders of the user's that become a data set.

What the bytes say may leave a file out (UnusablePictureError); what the moment says never does.
An OSError is tried again and then ends the command, wherever it appears: also in the middle of a
library that parses a header, and would call the file damaged for it.
"""

import errno
import io
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeVar

from pipeline.sources.formats.integrity import NoFileError, UnusablePictureError
from shards.base.retrying import retry_passing, unread

Found = TypeVar("Found")

BYTE_LIMIT = 800_000_000
"""Bytes of a picture's file."""

_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class _WatchedFile(io.FileIO):
    """A file that remembers the fault of a read, whoever catches it meanwhile."""

    fault: OSError | None = None

    def readinto(self, buffer: Any) -> int | None:
        try:
            return super().readinto(buffer)
        except OSError as error:
            self.fault = error
            raise

    def readall(self) -> bytes:
        try:
            return super().readall()
        except OSError as error:
            self.fault = error
            raise


def look_into(path: Path, look: Callable[[IO[bytes], int], Found]) -> Found:
    """What `look(file, size)` finds in a regular file.

    UnusablePictureError for anything but a regular file (NoFileError for none); RunError where
    the file cannot be read now.
    """

    def attempt() -> Found:
        size = _size_of(path)
        raw = _WatchedFile(path)
        with io.BufferedReader(raw) as file:
            try:
                found = look(file, size)
            except Exception:
                if raw.fault is None:
                    raise
            if raw.fault is not None:
                raise raw.fault
            return found

    return retry_passing(path, attempt)


def read_source(path: Path) -> bytes:
    """The bytes of a file as `look_into` takes it; UnusablePictureError over BYTE_LIMIT."""

    def read(file: IO[bytes], size: int) -> bytes:
        if size > BYTE_LIMIT:
            raise UnusablePictureError(f"a file of {size / 1e6:,.0f} MB")
        return file.read()

    return look_into(path, read)


def list_folder(folder: Path) -> tuple[list[str], list[str]]:
    """Names of the folders, and of everything else, in a folder; links are followed."""

    def attempt() -> tuple[list[str], list[str]]:
        folders: list[str] = []
        others: list[str] = []
        with os.scandir(folder) as entries:
            for entry in entries:
                (folders if _is_folder(entry) else others).append(entry.name)
        return folders, others

    return _found(folder, attempt)


def real_folder(folder: Path) -> str:
    """Where a folder lies behind all links."""
    return _found(folder, lambda: os.path.realpath(folder, strict=True))


def _found(path: Path, call: Callable[[], Found]) -> Found:
    """What `call` gives for a file or folder that was listed; RunError where it is gone."""
    try:
        return retry_passing(path, call)
    except FileNotFoundError as error:
        raise unread(path, error) from None


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    try:
        return entry.is_dir()
    except OSError as error:
        if error.errno in _NOWHERE:
            return False
        raise


def _size_of(path: Path) -> int:
    """Bytes of a regular file; raises for anything else, without opening it."""
    try:
        about = path.stat()
    except ValueError:  # a zero or half a character in it, from a hostile log
        raise UnusablePictureError("no name of a file") from None
    except OSError as error:
        if error.errno in _NOWHERE and path.is_symlink():
            raise UnusablePictureError("a link to nowhere") from None
        if isinstance(error, FileNotFoundError):
            raise NoFileError(os.strerror(errno.ENOENT)) from None
        raise
    if not stat.S_ISREG(about.st_mode):
        raise UnusablePictureError("not a regular file")
    return about.st_size
