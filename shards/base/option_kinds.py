"""Checks the value of an option against its annotation, with a sentence for what does not fit.

Annotations are Literal, int, float, bool, str, Path, Size, tuples of these, and unions with None or
with a tuple. numpy's numbers become Python's, text for a path becomes one, a list becomes a tuple,
and a number, a pair or text such as "320x240" becomes a size.
"""

import difflib
import math
import os
import reprlib
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from shards.base.errors import InputError
from shards.base.size import Size, parse_size

_NONE = type(None)


class _MisfitError(Exception):
    """A value is not of the kind that was `expected`."""

    def __init__(self, expected: str, remedy: str) -> None:
        super().__init__(expected)
        self.expected, self.remedy = expected, remedy


def require_kind(where: str, value: Any, kind: Any) -> Any:
    """`value` as the annotation `kind` has it; InputError naming `where` if it cannot be that."""
    try:
        return _take(_plain(value), kind)
    except _MisfitError as misfit:
        raise InputError(
            where, expected=misfit.expected, found=reprlib.repr(value), remedy=misfit.remedy
        ) from None


def require_choice(where: str, value: Any, choices: Sequence[str]) -> str:
    """The one of `choices` that `value` is; InputError naming `where`, and perhaps a near one."""
    found: str = require_kind(where, value, Literal[tuple(choices)])
    return found


def require_within(where: str, value: float, low: float, high: float = math.inf) -> None:
    """InputError unless low <= value <= high."""
    if not low <= value <= high:
        words = f"{low} or more" if high == math.inf else f"{low} to {high}"
        raise InputError(where, expected=words, found=str(value), remedy="choose a value within")


def expand_home(where: str, text: str) -> str:
    """Text that may be a path: with a leading "~" or "~name" as the shell would replace it."""
    return str(require_kind(where, text, Path)) if text.startswith("~") else text


def _plain(value: Any) -> Any:
    """numpy's and torch's single values as Python's own."""
    is_single = hasattr(value, "dtype") and getattr(value, "shape", None) == ()
    return value.item() if is_single else value


def _take(value: Any, kind: Any) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _take_any(value, get_args(kind))
    if origin is Literal:
        return _take_literal(value, get_args(kind))
    if origin is tuple:
        return _take_tuple(value, get_args(kind))
    return _TAKERS[kind](value)


def _take_any(value: Any, kinds: tuple[Any, ...]) -> Any:
    misfits = []
    for kind in kinds:
        try:
            return _take(value, kind)
        except _MisfitError as misfit:
            if kind is not _NONE:
                misfits.append(misfit)
    raise _MisfitError(" or ".join(each.expected for each in misfits), misfits[0].remedy)


def _take_literal(value: Any, choices: tuple[Any, ...]) -> Any:
    for choice in choices:
        if type(value) is type(choice) and value == choice:
            return choice
    words = [str(choice) for choice in choices]
    if isinstance(value, str) and value in words:  # a word of another class, as numpy's
        return choices[words.index(value)]
    of_lower = {word.lower(): word for word in words}
    near = difflib.get_close_matches(str(value).lower()[:99], of_lower, n=1, cutoff=0.6)
    expected = " or ".join(words) if len(words) < 3 else "one of " + ", ".join(words)
    raise _MisfitError(
        expected, f"did you mean {of_lower[near[0]]}?" if near else "choose one of these"
    )


def _take_tuple(value: Any, kinds: tuple[Any, ...]) -> tuple[Any, ...]:
    first, is_open = kinds[0], kinds[1:] == (Ellipsis,)
    noun = _PLURALS[first]
    expected = f"a list of {noun}" if is_open else f"{len(kinds)} {noun}"
    if not isinstance(value, list | tuple) or not (is_open or len(value) == len(kinds)):
        raise _MisfitError(expected, f"give {expected}")
    try:
        return tuple(
            _take(_plain(part), kind)
            for part, kind in zip(value, [first] * len(value) if is_open else kinds, strict=True)
        )
    except _MisfitError as misfit:
        raise _MisfitError(expected, misfit.remedy) from None


def _take_none(value: Any) -> None:
    if value is not None:
        raise _MisfitError("None", "leave it out")


def _take_bool(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _MisfitError("true or false", "give one of the two")
    return value


def _take_int(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise _MisfitError("a whole number", "give one in digits, such as 12")
    return int(value)


def _take_float(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            if math.isfinite(value):
                return float(value)
        except OverflowError:
            pass
    raise _MisfitError("a number", "give one in digits, such as 0.5")


def _take_str(value: Any) -> str:
    if not isinstance(value, str):
        raise _MisfitError("text", "give a word")
    return str(value)


def _take_path(value: Any) -> Path:
    text = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(text, str) or not text or "\0" in text:
        raise _MisfitError("a path", "name a file or a folder")
    if text.startswith("~"):
        full = os.path.expanduser(text)
        if full == text:
            name = text.partition("/")[0]
            raise _MisfitError(f"{name} to be a home folder here", "write the path in full")
        return Path(full)
    return value if isinstance(value, Path) else Path(text)


def _take_size(value: Any) -> Size:
    found = parse_size(value) if isinstance(value, str) else value
    try:
        if isinstance(found, list | tuple):
            width, height = (_take_int(_plain(side)) for side in found)
            return width, height
        side = _take_int(found)
        return side, side
    except (_MisfitError, ValueError):
        raise _MisfitError(
            "a whole number of pixels, or WIDTHxHEIGHT",
            "write it as 224 or 320x240",
        ) from None


_TAKERS: dict[Any, Callable[[Any], Any]] = {
    _NONE: _take_none,
    bool: _take_bool,
    int: _take_int,
    float: _take_float,
    str: _take_str,
    Path: _take_path,
    Size: _take_size,
}
_PLURALS = {int: "whole numbers", float: "numbers", str: "words", Path: "paths"}
