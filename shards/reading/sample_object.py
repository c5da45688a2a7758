"""An object of a sample, as the sample's `json` describes it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Self

from shards.base.checks import listing, one_of, or_none, real, table, text, whole

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the picture."""

MOST_OBJECTS = 255
"""Objects of a sample: `instances.png` has 8 bits, and 0 is none."""

_side = whole(0, 4096)
_box = listing(_side, 4, 4)
_anything = text(".*", "text")

check_objects = listing(
    table(
        {
            "foreground": _anything,
            "category": _anything,
            "flip": one_of(True, False),
            "placement": or_none(whole(0, 10**9)),
            "rotation": real(-360, 360),
            "layer": whole(0, MOST_OBJECTS - 1),
            "box": _box,
            "visible_box": _box,
            "area": whole(0, 4096**2),
            "visible": real(0, 1),
            "truncation": real(0, 1),
            "blend": _anything,
        },
        {"part": or_none(whole(0, 10**9))},
    ),
    0,
    MOST_OBJECTS,
)
"""Checks the list `objects` of a sample's `json`."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SampleObject:
    """What a sample's `json` says of one object; `objects[i]` is value i + 1 in `instances`."""

    foreground: str
    """Name of its source; empty where a data set was taken over from plain folders."""
    category: str
    """A name of `dataset.categories`."""
    flip: bool
    placement: int | None
    """Which of a foreground's placements it is; None for an object that was drawn in addition."""
    rotation: float
    """Degrees counter-clockwise, after the flip."""
    layer: int
    """Its place in the order of painting, from 0: a later one hides an earlier one."""
    box: Box
    """Around its pixels in the picture, as if nothing hid them."""
    visible_box: Box
    """Around its pixels in `instances`; all 0 where it has none."""
    area: int
    """How many pixels it has in `instances`."""
    visible: float
    """Share of its pixels in the picture that no other object hides."""
    truncation: float
    """Share of all its pixels that lie outside the picture."""
    blend: str
    part: int | None = None
    """Which part of its source it is, with `--split-objects`."""

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """An object from its entry, which `check_objects` has accepted."""
        known = {name: values[name] for name in _NAMES if name in values}
        boxes = {name: tuple(values[name]) for name in ("box", "visible_box")}
        return cls(**(known | boxes))


_NAMES = tuple(field.name for field in dataclasses.fields(SampleObject))
