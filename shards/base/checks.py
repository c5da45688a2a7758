"""Small checks of values from a file, and how tables of them are put together.

A check is a function of a value that returns nothing or raises `WrongValueError`. Unknown
entries are accepted: later versions may add some.
"""

import math
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], None]
"""Takes a value and its place in the file."""

_SHOWN = 60
_ALL = "all of it"


class WrongValueError(ValueError):
    """A wrong value: `where` it is, what was `expected` and `found`."""

    def __init__(self, where: str, expected: str, found: object) -> None:
        self.where, self.expected = where, expected
        shown = found if isinstance(found, str) else reprlib.repr(found)  # bounded in depth, too
        self.found = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        super().__init__(f"{where}: expected {expected}, found {self.found}")

    def within(self, outer: str) -> "WrongValueError":
        """The same error, seen from `outer`, which contains the entry."""
        inner = "" if self.where == _ALL else self.where
        joint = "." if outer and inner and not inner.startswith("[") else ""
        return WrongValueError(f"{outer}{joint}{inner}" or _ALL, self.expected, self.found)


def whole(low: int, high: int) -> Check:
    """Whole numbers from `low` to `high`; neither 2.0 nor True is one."""

    def check(value: Any, where: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise WrongValueError(where, f"a whole number from {low} to {high}", value)

    return check


def real(low: float, high: float) -> Check:
    """Numbers from `low` to `high`; no NaN."""

    def check(value: Any, where: str) -> None:
        if type(value) not in (int, float) or not low <= value <= high or math.isnan(value):
            raise WrongValueError(where, f"a number from {low:g} to {high:g}", value)

    return check


def text(pattern: str, meaning: str) -> Check:
    """Text that matches the whole pattern; `meaning` says it in words."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise WrongValueError(where, meaning, value)

    return check


def one_of(*values: Any) -> Check:
    """One of some words or constants."""

    def check(value: Any, where: str) -> None:
        for known in values:
            if value is known or (isinstance(known, str) and value == known):
                return
        raise WrongValueError(where, "one of " + ", ".join(map(str, values)), value)

    return check


def mapping(inner: Check) -> Check:
    """Tables of at least one name, each with a value that `inner` accepts."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict) or not value:
            raise WrongValueError(where, "a table of names and values", value)
        for name, entry in value.items():
            inner(entry, f"{where}.{name}")

    return check


def or_none(inner: Check) -> Check:
    """None, or what `inner` accepts."""

    def check(value: Any, where: str) -> None:
        if value is not None:
            inner(value, where)

    return check


def listing(inner: Check, least: int = 0, most: int = 10**9) -> Check:
    """Lists of `least` to `most` entries that `inner` accepts."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise WrongValueError(where, f"a list of {least} to {most} entries", value)
        for index, entry in enumerate(value):
            try:
                inner(entry, "")
            except WrongValueError as error:
                raise error.within(f"{where}[{index}]") from None

    return check


def table(needed: Mapping[str, Check], also: Mapping[str, Check] | None = None) -> Check:
    """Names and values: all of `needed`, and those of `also` that are present."""
    optional = also or {}

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise WrongValueError(where or _ALL, "a table of names and values", value)
        try:  # places are joined only after an error: samples' facts are checked often
            for name, inner in needed.items():
                if name not in value:
                    raise WrongValueError(name, "this entry", "none")
                inner(value[name], name)
            for name, inner in optional.items():
                if name in value:
                    inner(value[name], name)
        except WrongValueError as error:
            raise error.within(where) from None

    return check
