"""Boxes, outlines and names of a sample's objects, drawn over its picture."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from shards.base.names import printable
from shards.base.size import Size
from shards.reading.sample_object import Box, SampleObject

Colour = tuple[int, int, int]
Window = tuple[int, int, int, int]
"""Left, top, right, below."""

_COLOURS: tuple[Colour, ...] = (
    (255, 214, 10), (0, 200, 255), (255, 90, 95), (80, 220, 100), (200, 120, 255),
    (255, 150, 40), (60, 130, 255), (255, 120, 200), (150, 230, 60), (0, 210, 180),
)  # fmt: skip
_TEXT = 11
_DARK: Colour = (16, 16, 18)
_GREY: Colour = (168, 168, 172)


def colour_of(instance: int) -> Colour:
    """The colour of value `instance` of `instances`, from 1; they begin again after ten."""
    return _COLOURS[(instance - 1) % len(_COLOURS)]


def colour_instances(instances: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Instances (H, W) as a picture uint8 (H, W, 3): a colour each, black for nobody's."""
    table = np.zeros((256, 3), np.uint8)
    table[1:] = [colour_of(number) for number in range(1, 256)]
    coloured: NDArray[np.uint8] = table[instances]
    return coloured


def draw_overlay(
    image: NDArray[np.uint8],
    instances: NDArray[np.uint8],
    objects: Sequence[SampleObject],
    size: Size,
    distractors: Sequence[Box] = (),
) -> Image.Image:
    """A sample's picture (H, W, 3) at `size`, with its objects drawn over it.

    Each has a colour: a line along its pixels in `instances`, a box around all of its pixels in
    the picture, hidden ones too, and its category with the visible share where that is not all.
    Boxes of `distractors` are grey, below those of objects.
    """
    zoom = size[0] / image.shape[1]
    pixels = np.array(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC))
    owners = np.asarray(Image.fromarray(instances).resize(size, Image.Resampling.NEAREST))
    rim = _rim(owners)
    pixels[rim] = colour_instances(owners)[rim]
    picture = Image.fromarray(pixels)
    pen = ImageDraw.Draw(picture)
    marks = [(each.box, _words(each), colour_of(number)) for number, each in enumerate(objects, 1)]
    marks += [(box, "distractor", _GREY) for box in distractors]
    boxes = [tuple(int(zoom * side) for side in box) for box, _, _ in marks]
    for (x, y, across, down), (_, _, colour) in reversed(list(zip(boxes, marks, strict=True))):
        pen.rectangle((x, y, max(x, x + across - 1), max(y, y + down - 1)), outline=colour)
    taken: list[Window] = []
    for box, (_, words, colour) in zip(boxes, marks, strict=True):
        taken.append(_draw_name(pen, picture.size, words, box, colour, taken))
    return picture


def _rim(instances: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Pixels of an object beside one that is not its own."""
    rim = np.zeros(instances.shape, bool)
    across, down = instances[:, 1:] != instances[:, :-1], instances[1:] != instances[:-1]
    rim[:, 1:] |= across
    rim[:, :-1] |= across
    rim[1:] |= down
    rim[:-1] |= down
    rim &= instances > 0
    return rim


def _words(each: SampleObject) -> str:
    name = printable(each.category or each.foreground or "object")
    return name if each.visible == 1 else f"{name} {100 * each.visible:.0f} %"


def _draw_name(
    pen: ImageDraw.ImageDraw,
    size: tuple[int, int],
    words: str,
    box: tuple[int, ...],
    colour: Colour,
    taken: Sequence[Window],
) -> Window:
    """Write words beside a box, in the first place of a few where no other words are."""
    font = ImageFont.load_default(_TEXT)
    left, top, right, low = pen.textbbox((0, 0), words, font=font)
    across, down = int(right - left) + 4, int(low - top) + 4
    x, y, width, height = box
    corners = [(x, y - down), (x, y + height), (x + width - across, y - down), (x, y)]
    places = [
        (min(max(0, i), max(0, size[0] - across)), min(max(0, j), size[1] - down))
        for i, j in corners
    ]
    windows = [(i, j, i + across, j + down) for i, j in places]
    window = next((w for w in windows if not any(_meet(w, other) for other in taken)), windows[0])
    pen.rectangle((window[0], window[1], window[2] - 1, window[3] - 1), fill=colour)
    pen.text((window[0] + 2 - left, window[1] + 2 - top), words, fill=_DARK, font=font)
    return window


def _meet(one: Window, other: Window) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
