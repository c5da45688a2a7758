"""The standard streams of a command, be they closed, a broken pipe or on a full disk."""

import io
import os
import sys
from typing import Any


class _Unheard(io.FileIO):
    """stderr that drops what cannot be written, so that the work continues."""

    def write(self, data: Any) -> int:
        """Write, or take it as written."""
        try:
            return super().write(data)
        except OSError:
            return len(memoryview(data).cast("B"))


def settle_streams() -> None:
    """Give closed streams a place where nobody reads, and keep stderr from ending the work.

    A closed descriptor would be given to the next file that is opened: a shard could end up where
    a library writes its warnings.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            drop(number)
            setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
    if sys.stderr is sys.__stderr__ and sys.stderr is not None:
        raw = _Unheard(2, "w", closefd=False)
        sys.stderr = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=sys.stderr.encoding,
            errors=sys.stderr.errors,
            line_buffering=True,
        )


def drop(number: int) -> None:
    """Let a descriptor be one that nobody reads: what is still in a buffer goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    if nowhere == number:
        os.set_inheritable(number, True)  # worker processes need it as much
    else:
        os.dup2(nowhere, number)
        os.close(nowhere)
