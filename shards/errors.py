"""The two kinds of failure a user can meet, each one sentence: where, expected, found, remedy.

`InputError` is wrong usage or input (the command line exits with 2 and has written nothing);
`RunError` is what failed while running (exit 1, with what was kept and how to go on).
"""

from typing import Any

from shards.names import printable


def _sentence(where: str, expected: str, found: str, remedy: str) -> str:
    return printable(f"{where}: expected {expected}, found {found}; {remedy}")


def _again(kind: type[Exception], sentence: str) -> Exception:
    return kind.__new__(kind, sentence)


class InputError(ValueError):
    """Wrong usage or input: `where` it is, what was `expected`, what was `found`, the `remedy`."""

    def __init__(self, where: str, *, expected: str, found: str, remedy: str) -> None:
        super().__init__(_sentence(where, expected, found, remedy))

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self))


class RunError(RuntimeError):
    """A failure while running: the same four parts; the remedy says what is kept, and goes on."""

    def __init__(self, where: str, *, expected: str, found: str, remedy: str) -> None:
        super().__init__(_sentence(where, expected, found, remedy))

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), str(self))
