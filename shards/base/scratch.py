"""Half-made files in the system's place for temporary ones, found again when their owner is gone.

A scratch folder is locked as long as its process lives. The kernel takes the lock away however
the process ends, so a folder that can be locked belongs to nobody and may be deleted. Where folders
cannot be locked (NFS), those of killed processes stay.
"""

import fcntl
import os
import shutil
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

_PREFIX = "depthmask-scratch-"


class Scratch:
    """A folder of this process: `path`, until `remove`."""

    def __init__(self) -> None:
        name = uuid.uuid4().hex
        place = Path(tempfile.gettempdir())
        fresh = place / f".depthmask-{name}"
        fresh.mkdir(mode=0o700)
        self._descriptor = os.open(fresh, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.path = place / f"{_PREFIX}{name}"
        fresh.rename(self.path)  # locked first: what `remove_abandoned` can see has an owner

    def remove(self) -> None:
        """Delete the folder with what is in it; a second call does nothing."""
        if self._descriptor >= 0:
            shutil.rmtree(self.path, ignore_errors=True)
            os.close(self._descriptor)
            self._descriptor = -1


def remove_abandoned() -> int:
    """Delete the scratch folders of processes that were killed; says how many."""
    removed = 0
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except OSError:
            continue  # another process was faster, or another user's
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
        except OSError:
            pass  # its owner lives, or there is no telling
        finally:
            os.close(descriptor)
    return removed
