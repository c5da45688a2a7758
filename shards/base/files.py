"""Files that are either whole or absent: temporary name, fsync, rename, fsync of the folder."""

import errno
import hashlib
import os
import shutil
import stat
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from shards.base.errors import RunError

TEMPORARY_SUFFIX = ".tmp"
_NAMED_BYTES = 200
_CANNOT_SYNC = (errno.EINVAL, errno.EBADF, errno.ENOTSUP, errno.ENOSYS)
_CANNOT_LINK = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL, errno.EMLINK, errno.EXDEV)


def temporary_beside(path: Path) -> Path:
    """A fresh hidden name in the folder of `path`; leftovers are known by their suffix.

    Of a long name it has the beginning: a name has at most 255 bytes.
    """
    name = os.fsdecode(os.fsencode(path.name)[:_NAMED_BYTES])
    return path.with_name(f".{name}.{uuid.uuid4().hex}{TEMPORARY_SUFFIX}")


def sync(path: Path) -> None:
    """Make the bytes of a file, or the renames within a folder, durable.

    Does nothing where the file system cannot, as some cannot for folders.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _CANNOT_SYNC:
            raise
    finally:
        os.close(descriptor)


def publish(temporary: Path, final: Path) -> None:
    """Give a finished temporary file its final name, durably; it may come from elsewhere."""
    if temporary.parent.resolve() != final.parent.resolve():
        beside = temporary_beside(final)
        try:
            shutil.copyfile(temporary, beside)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
        temporary.unlink()
        temporary = beside
    sync(temporary)
    os.replace(temporary, final)
    sync(final.parent)


def write_atomic(path: Path, data: bytes) -> None:
    """Replace the contents of `path` by `data`, whole or not at all."""
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(data)
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes) -> None:
    """The same without waiting for the disk: for pictures that are soon made again."""
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def create_if_absent(path: Path, data: bytes) -> bool:
    """Write `path` unless it exists; whether this call wrote it."""
    temporary = temporary_beside(path)
    try:
        temporary.write_bytes(data)
        sync(temporary)
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _CANNOT_LINK:
            raise
        return _create_by_claim(path, data)
    finally:
        temporary.unlink(missing_ok=True)
    sync(path.parent)
    return True


def _create_by_claim(path: Path, data: bytes) -> bool:
    """The same on a file system without hard links (exFAT, SMB).

    A folder cannot be renamed to one that holds something: of several writers one puts its folder,
    with the whole file in it, in place as the claim. Whoever finds a claim writes that file, so a
    killed writer blocks nobody, and `path` never holds half of it.
    """
    claim = path.with_name(f".{path.name}.claim{TEMPORARY_SUFFIX}")
    claimed = False
    while not path.exists():
        claimed |= _claim(claim, path.name, data)
        with suppress(FileNotFoundError):  # another finished with it just now
            won = (claim / path.name).read_bytes()
            if not path.exists():
                write_atomic(path, won)
    shutil.rmtree(claim, ignore_errors=True)
    return claimed and path.read_bytes() == data


def _claim(claim: Path, name: str, data: bytes) -> bool:
    """Put `data` into the claim, whole; False if another writer has claimed it."""
    folder = temporary_beside(claim.with_name(name))
    try:
        folder.mkdir()
        (folder / name).write_bytes(data)
        sync(folder / name)
        os.rename(folder, claim)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) and not claim.exists():
            raise
        return False
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def open_in_place(path: Path, flags: int) -> int:
    """The descriptor of a file that is written in place, made if absent.

    A data set of a stranger may have a link of that name to a file of the user's: RunError for
    anything but a regular file.
    """
    try:
        descriptor = os.open(path, flags | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            raise _in_the_way(path, "a file of its own") from None
        raise
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _in_the_way(path, "a file of its own")


def folder_within(root: Path, *names: str) -> Path:
    """The folder `names` below `root`, made if absent; RunError where a link leads elsewhere."""
    folder = root
    for name in names:
        folder = folder / name
        if folder.is_symlink():
            raise _in_the_way(folder, "a folder of its own")
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def _in_the_way(path: Path, expected: str) -> RunError:
    found = "a link" if path.is_symlink() else "something else"
    return RunError(
        str(path), expected=expected, found=found, remedy="take it away if this folder is yours"
    )


def remove_temporaries(folder: Path, of: Collection[str] | None = None) -> int:
    """Delete what killed writers left in `folder`; returns how many files.

    `of` limits this to the temporary files of some names; otherwise all go, even those in use.
    """
    stale = [
        path
        for path in folder.glob(f".*{TEMPORARY_SUFFIX}")
        if of is None or path.name[1:].rsplit(".", 2)[0] in of
    ]
    for path in stale:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return len(stale)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
