"""Sizes of pictures: (width, height), and how people write them: 224, or 320x240."""

import re
from typing import Annotated

from shards.base.errors import InputError

Size = Annotated[tuple[int, int], "width and height in pixels"]
"""(width, height). An option of this type also takes one number for both, and text."""

_WRITTEN = re.compile(r"(\d{1,9})(?:\s*[x×]\s*(\d{1,9}))?", re.ASCII | re.IGNORECASE)


def parse_size(text: str) -> Size | None:
    """The size in text such as "224" or "320x240"; None where it is none."""
    found = _WRITTEN.fullmatch(text.strip())
    return None if found is None else (int(found[1]), int(found[2] or found[1]))


def size_text(size: Size) -> str:
    """A size as it is typed: 224, or 320x240."""
    width, height = size
    return str(width) if width == height else f"{width}x{height}"


def size_words(size: Size) -> str:
    """A size as it is read: 320 x 240."""
    return "{} x {}".format(*size)


def require_sides(where: str, size: Size, low: int, high: int) -> None:
    """InputError unless both sides are `low` to `high` pixels."""
    if not (low <= min(size) and max(size) <= high):
        raise InputError(
            where,
            expected=f"{low} to {high} pixels a side",
            found=size_text(size),
            remedy="choose a value within",
        )
