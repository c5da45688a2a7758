"""The boxes and outlines of a sample's objects, for an SVG over its picture."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from depthmask.reports.embedded_pictures import LARGEST_SIDE
from pipeline.labels.polygons import shape_of
from shards.reading.sample import Sample
from shards.reading.sample_object import Box

_GOLDEN_ANGLE = 137.508
"""Degrees round the colour circle from one category to the next: any number of them stay apart."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ObjectMark:
    """One object: around its pixels `outline` is the `d` of an SVG path, in pixels of the picture.

    `hue` is its category's colour, `words` say what it is.
    """

    category: str
    hue: int
    box: Box
    outline: str
    words: str


def object_marks(sample: Sample, categories: dict[str, int]) -> list[ObjectMark]:
    """A mark for each object of a sample, those painted last at the end."""
    marks = []
    for number, facts in sorted(enumerate(sample.objects, 1), key=lambda pair: pair[1].layer):
        words = f"{facts.category} {facts.foreground}".strip() or "object"
        if facts.visible < 1:
            words += f", {facts.visible:.0%} not hidden"
        if facts.truncation:
            words += f", {facts.truncation:.0%} outside"
        mark = ObjectMark(
            category=facts.category,
            hue=round(categories.get(facts.category, 0) * _GOLDEN_ANGLE) % 360,
            box=facts.visible_box,
            outline=outline_path(sample.instances == number),
            words=words,
        )
        marks.append(mark)
    return marks


def outline_path(pixels: NDArray[np.bool_]) -> str:
    """The outlines of what is set in `pixels` (H, W), as the `d` of an SVG path.

    As coarse as the gallery's pictures, so that those of large samples do not fill a page.
    """
    step = -(-max(pixels.shape) // (2 * LARGEST_SIDE))
    middle = step / 2
    parts = []
    for outline in shape_of(pixels[::step, ::step]).outlines:
        corners = [f"{x * step + middle:g} {y * step + middle:g}" for x, y in outline.tolist()]
        parts.append(f"M{'L'.join(corners)}Z")
    return "".join(parts)
