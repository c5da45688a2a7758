"""Small checks of values from a file, and how tables of them are put together.

A check is a function of a value that returns nothing or raises `WrongValueError`. Entries that no
table names are let through: later versions may add some.
"""

import math
import re
import reprlib
from collections.abc import Callable, Mapping
from typing import Any

Check = Callable[[Any, str], None]
"""Takes a value and the place where it stands."""

_SHOWN = 60


class WrongValueError(ValueError):
    """A value that cannot stand where it does: `where` it is, what is `expected` and `found`."""

    def __init__(self, where: str, expected: str, found: object) -> None:
        self.where, self.expected = where, expected
        shown = found if isinstance(found, str) else reprlib.repr(found)  # bounded in depth, too
        self.found = shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…"
        super().__init__(f"{where}: expected {expected}, found {self.found}")


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
    """Text that the whole pattern fits; `meaning` says it in words."""
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise WrongValueError(where, meaning, value)

    return check


def one_of(*values: Any) -> Check:
    """One of some words or constants."""

    def check(value: Any, where: str) -> None:
        if not any(value is v or (isinstance(v, str) and value == v) for v in values):
            raise WrongValueError(where, "one of " + ", ".join(map(str, values)), value)

    return check


def or_none(inner: Check) -> Check:
    """None, or what `inner` lets through."""

    def check(value: Any, where: str) -> None:
        if value is not None:
            inner(value, where)

    return check


def listing(inner: Check, least: int = 0, most: int = 10**9) -> Check:
    """Lists of `least` to `most` entries that `inner` lets through."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise WrongValueError(where, f"a list of {least} to {most} entries", value)
        for index, entry in enumerate(value):
            inner(entry, f"{where}[{index}]")

    return check


def table(needed: Mapping[str, Check], also: Mapping[str, Check] | None = None) -> Check:
    """Names and values: those `needed`, and those of `also` where they stand."""

    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise WrongValueError(where or "all of it", "a table of names and values", value)
        for name, inner in needed.items():
            if name not in value:
                raise WrongValueError(f"{where}.{name}".lstrip("."), "this entry", "none")
            inner(value[name], f"{where}.{name}".lstrip("."))
        for name, inner in (also or {}).items():
            if name in value:
                inner(value[name], f"{where}.{name}".lstrip("."))

    return check
