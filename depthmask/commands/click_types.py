"""The types of options and arguments for click: the same checks and sentences as in Python.

A whole number may be written 10_000, 10k, 1.5M or 1e5.
"""

import contextlib
import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click

from shards.base.errors import InputError
from shards.base.option_kinds import require_choice, require_kind, require_within
from shards.base.size import Size

_COUNT = re.compile(
    r"(?P<number>[+-]?\d{1,20}(_\d{3})*(\.\d{1,20})?(e\+?\d{1,2})?)(?P<unit>[km]?)",
    re.ASCII | re.IGNORECASE,
)
_UNITS = {"": 1, "k": 10**3, "m": 10**6}


def read_count(text: str) -> int | None:
    """The whole number in a word such as "400", "10_000", "10k", "1.5M" or "1e5", or None."""
    found = _COUNT.fullmatch(text.strip())
    if found is None:
        return None
    number = Decimal(found["number"].replace("_", "")) * _UNITS[found["unit"].lower()]
    return int(number) if number == number.to_integral_value() else None


def _where(parameter: click.Parameter | None) -> str:
    """What a parameter is called where it is typed."""
    if isinstance(parameter, click.Option):
        return max(parameter.opts, key=len)
    return "" if parameter is None else parameter.human_readable_name.strip(".")


class _Whole(click.ParamType[int]):
    name = "integer"

    def __init__(self, low: int | None = None) -> None:
        self._low = low

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        where, found = _where(param), value
        if isinstance(value, str):
            found = read_count(value)
            if found is None:
                sides = where == "--size" and re.fullmatch(r"\d+x\d+", value.strip(), re.ASCII)
                raise InputError(
                    where,
                    expected="a whole number",
                    found=repr(value),
                    remedy="give one number, the shorter side"
                    if sides
                    else "write it as 400, 10_000, 10k or 1.5M",
                )
        found = int(require_kind(where, found, int))
        if self._low is not None:
            require_within(where, found, self._low)
        return found


class _Number(click.ParamType[float]):
    name = "float"

    def __init__(self, low: float | None = None, high: float | None = None) -> None:
        self._range = (low, high)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        where, found = _where(param), value
        if isinstance(value, str):
            with contextlib.suppress(ValueError):
                found = float(value)
        found = float(require_kind(where, found, float))
        low, high = self._range
        if low is not None and high is not None:
            require_within(where, found, low, high)
        return found


class _Size(click.ParamType[Size]):
    """A width and a height, 320x240, or one number for both."""

    name = "size"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """As it is typed: click would write the x large, too."""
        return "WIDTHxHEIGHT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Size:
        count = read_count(value) if isinstance(value, str) else None
        found: Size = require_kind(_where(param), value if count is None else count, Size)
        return found


class _Place(click.Path):
    """A path, which shells complete; click's own would take an empty word for this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        found: Path = require_kind(_where(param), value, Path)
        return found


class _OneOf(click.Choice[str]):
    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        return require_choice(_where(param), value, [str(choice) for choice in self.choices])


WHOLE = _Whole()
POSITIVE = _Whole(1)
NUMBER = _Number()
SHARE = _Number(0, 1)
PLACE = _Place()
_SCALARS: dict[Any, "click.ParamType[Any]"] = {
    int: WHOLE,
    float: NUMBER,
    str: click.STRING,
    Path: PLACE,
    Size: _Size(),
}


def one_of(choices: Sequence[str]) -> "click.ParamType[str]":
    """The type of an option that takes one of these words."""
    return _OneOf(choices)


def word_type(hint: Any) -> "click.ParamType[Any]":
    """The type of an option's word by the annotation of its value: a scalar or a Literal."""
    return one_of(get_args(hint)) if get_origin(hint) is Literal else _SCALARS[hint]
