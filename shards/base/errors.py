"""The two kinds of failure a user can meet, each one sentence: where, expected, found, remedy.

`InputError` is wrong usage or input (the command line exits with 2 and has written nothing);
`RunError` is what failed while running (exit 1, with what was kept and how to continue).
"""

from typing import Any

from shards.base.names import printable


def _again(kind: type["InputError | RunError"], parts: dict[str, str]) -> Exception:
    return kind(**parts)


class _FourPartError(Exception):
    """The four parts of a failure; `str` of it is one printable sentence."""

    def __init__(self, where: str, *, expected: str, found: str, remedy: str) -> None:
        self.where, self.expected, self.found, self.remedy = (
            printable(part) for part in (where, expected, found, remedy)
        )
        super().__init__(
            f"{self.where}: expected {self.expected}, found {self.found}; {self.remedy}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        parts = {name: getattr(self, name) for name in ("where", "expected", "found", "remedy")}
        return _again, (type(self), parts)


class InputError(_FourPartError, ValueError):
    """Wrong usage or input: `where` it is, what was `expected`, what was `found`, the `remedy`."""


class RunError(_FourPartError, RuntimeError):
    """A failure while running: the same four parts; the remedy says what is kept."""


class DamagedShardError(RunError):
    """A shard with wrong bytes, however often they are read."""


def first_line(error: Exception) -> str:
    """The kind of a library's error and the first line of what it says, if it says anything."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
