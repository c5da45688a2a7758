"""Retries for passing faults: what the system refuses now and may allow a second later.

A share that drops out, a handle gone stale, no free descriptor or memory: none of these says
anything about the file's bytes, so none may decide what a file is. The call is repeated a few
times, and then the command stops.
"""

import errno
import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from shards.base.errors import InputError, RunError
from shards.base.files import sha256_of

Result = TypeVar("Result")

PAUSES = (0.1, 0.5, 2.0)
"""Seconds before each further try."""

_LASTING = (
    errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG,
    errno.EINVAL,
)  # fmt: skip
"""Waiting does not help here."""
_OF_THE_BYTES = (
    errno.EINVAL, errno.EOVERFLOW, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP,
    errno.ENXIO, errno.ENAMETOOLONG,
)  # fmt: skip
"""Of a place that bytes name (an offset, a file), when a library goes there."""

_REMEDIES = {
    errno.EACCES: "make it readable, or take it out of the folder",
    errno.EPERM: "make it readable, or take it out of the folder",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
    errno.ENFILE: "close other programs, or raise this machine's limit on open files",
    errno.ENOMEM: "free memory",
    errno.ENOENT: "put it back",
}


def retry_passing(where: Path, call: Callable[[], Result]) -> Result:
    """The result of `call`, repeated after each pause of PAUSES while it raises OSError.

    RunError with the file and its last error if every attempt failed. FileNotFoundError is raised
    at once: the caller knows what it means.
    """
    pauses = iter(PAUSES)
    while True:
        try:
            return call()
        except FileNotFoundError:
            raise
        except (OSError, MemoryError) as error:
            lasting = isinstance(error, OSError) and error.errno in _LASTING
            pause = None if lasting else next(pauses, None)
            if pause is None:
                raise unread(where, error) from None
        time.sleep(pause)


def load_by_library(files: Sequence[Path], load: Callable[[], Result]) -> Result:
    """What `load` makes of files by a library that may hide what the system said.

    Its error counts only where it comes twice and the files can be read meanwhile. RunError where
    they cannot be read now.
    """
    try:
        return load()
    except (InputError, RunError):
        raise
    except Exception:  # of any library
        _require_readable(files)
    try:
        return load()
    except Exception as error:
        if isinstance(error, OSError | MemoryError) and is_passing(error):
            raise unread(files[0], error) from None
        if isinstance(error, RuntimeError) and is_passing(error):
            raise unread(files[0], MemoryError()) from None
        raise


def _require_readable(files: Sequence[Path]) -> None:
    for path in files:
        try:
            retry_passing(path, path.stat)
            retry_passing(path, functools.partial(sha256_of, path))
        except FileNotFoundError as error:
            raise unread(path, error) from None


def unread(where: Path, error: OSError | MemoryError) -> RunError:
    """The RunError for a file that cannot be read at the moment."""
    number, found, place = errno.ENOMEM, "too little memory", str(where)
    if isinstance(error, OSError):
        number, found = error.errno or 0, error.strerror or str(error)
        place = str(error.filename or where)
    remedy = _REMEDIES.get(number, "see to the disk or the share that it lies on")
    return RunError(
        place,
        expected="a file that can be read",
        found=found,
        remedy=f"{remedy} and run the same command again; what is finished is kept",
    )


def is_passing(error: Exception) -> bool:
    """Whether an error comes from the machine or the moment, not from the bytes that were read.

    ImportError: modules are imported late. RuntimeError: torch reports lack of memory with it.
    """
    if isinstance(error, OSError):
        return error.errno is not None and error.errno not in _OF_THE_BYTES
    if isinstance(error, RuntimeError):
        return "can't allocate memory" in str(error)
    return isinstance(error, MemoryError | ImportError)
