"""Format 2's scene, a second time: written from the design alone, slowly, one object at a time.

It shares with the product the keyed bijection of cells and the scaling and turning of pixels,
which the design leaves open; placement, overlap, truncation and measures are its own.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Alpha = NDArray[np.uint8]
Draws = tuple[float, float, float, float]
SPLITS = {"train": 0, "val": 1, "test": 2}
ATTEMPTS = 16


def draws(
    seed: int,
    split: str,
    position: int,
    stage: int,
    thing: int = 0,
    attempt: int = 0,
    block: int = 1,
) -> Draws:
    """Four numbers in [0, 1) of numpy's own Philox4x64-10."""
    counter = [block - 1, position, SPLITS[split], (thing << 32) + attempt]  # it counts up first
    words = np.random.Philox(
        counter=np.array(counter, np.uint64), key=np.array([seed, stage], np.uint64)
    ).random_raw(4)
    a, b, c, d = (int(word >> np.uint64(11)) * 2.0**-53 for word in words)
    return a, b, c, d


def own_pixels(alpha: Alpha) -> NDArray[np.bool_]:
    """The object: alpha of at least 128, or of at least half its largest where none has that."""
    most = int(alpha.max(initial=0))
    if most >= 128:
        return alpha >= 128
    return 2 * alpha.astype(int) >= max(1, most)


def tight(pixels: NDArray[np.bool_]) -> list[int]:
    """x, y, width, height of the True pixels; zeros where there is none."""
    rows, columns = np.nonzero(pixels.any(1))[0], np.nonzero(pixels.any(0))[0]
    if not len(rows):
        return [0, 0, 0, 0]
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1]


def rounded(value: float) -> int:
    return int(value + 0.5)


@dataclass(frozen=True, slots=True)
class Cut:
    """A placed alpha on the canvas, with what of it is the object's own."""

    alpha: Alpha
    x: int
    y: int

    def on(self, canvas: tuple[int, int]) -> tuple[NDArray[np.bool_], Alpha]:
        """Own pixels and alpha, (H, W), of what is inside."""
        width, height = canvas
        own, soft = np.zeros((height, width), bool), np.zeros((height, width), np.uint8)
        inside = own_pixels(self.alpha)
        for row in range(max(0, -self.y), min(self.alpha.shape[0], height - self.y)):
            first, last = max(0, -self.x), min(self.alpha.shape[1], width - self.x)
            if last > first:
                there = slice(self.x + first, self.x + last)
                own[self.y + row, there] = inside[row, first:last]
                soft[self.y + row, there] = self.alpha[row, first:last]
        return own, soft


def crossing_positions(own: NDArray[np.bool_], canvas: tuple[int, int]) -> list[tuple[int, int]]:
    """Positions that cross exactly one edge with at least a quarter of the object inside."""
    height, width = own.shape
    total, columns, rows = int(own.sum()), own.sum(0), own.sum(1)
    ys, xs = range(canvas[1] - height + 1), range(canvas[0] - width + 1)
    left = [x for x in range(1 - width, 0) if 4 * int(columns[-x:].sum()) >= total]
    right = [
        x for x in range(max(0, canvas[0] - width + 1), canvas[0])
        if 4 * int(columns[: canvas[0] - x].sum()) >= total
    ]  # fmt: skip
    top = [y for y in range(1 - height, 0) if 4 * int(rows[-y:].sum()) >= total]
    low = [
        y for y in range(max(0, canvas[1] - height + 1), canvas[1])
        if 4 * int(rows[: canvas[1] - y].sum()) >= total
    ]  # fmt: skip
    beside = [(x, y) for side in (left, right) for y in ys for x in side]
    return beside + [(x, y) for side in (top, low) for y in side for x in xs]


@dataclass(slots=True)
class Painted:
    """An object of the reference's scene, as it was accepted."""

    foreground: int
    flip: bool
    placement: int | None
    rotation: float
    cut: Cut
    own: NDArray[np.bool_]
    soft: Alpha
    number: int
    blend: str


@dataclass(slots=True)
class Expected:
    """What a sample must hold."""

    background: int
    background_flip: bool
    crop: list[int] = field(default_factory=list)
    objects: list[Painted] = field(default_factory=list)
    omitted: int = 0
    distractors: list[tuple[int, bool, list[int]]] = field(default_factory=list)
    mask: Alpha = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    instances: Alpha = field(default_factory=lambda: np.zeros((0, 0), np.uint8))


def too_much_hidden(owns: list[NDArray[np.bool_]], most: float) -> bool:
    """Whether any object loses too much of its pixels to all that are painted after it."""
    for number, own in enumerate(owns):
        later = np.zeros_like(own)
        for other in owns[number + 1 :]:
            later |= other
        if int((own & later).sum()) > most * int(own.sum()):
            return True
    return False


def join_masks(objects: list[Painted], canvas: tuple[int, int]) -> tuple[Alpha, Alpha]:
    """The mask, m + a - div255(m a) in paint order, and the instances."""
    mask = np.zeros((canvas[1], canvas[0]), np.int64)
    instances = np.zeros((canvas[1], canvas[0]), np.uint8)
    for number, each in enumerate(objects, 1):
        alpha = each.soft.astype(np.int64)
        mask = mask + alpha - (2 * mask * alpha + 255) // 510  # rounded to the nearest
        instances[each.own] = number
    return mask.astype(np.uint8), instances


def read_source(root: Path, entry: dict[str, Any]) -> Image.Image:
    """A foreground or distractor cut to where its alpha is at least 8, straight RGBA."""
    with Image.open(root / entry["name"]) as picture:
        rgba = picture.convert("RGBA")
    x, y, width, height = tight(np.asarray(rgba)[..., 3] >= 8)
    return rgba.crop((x, y, x + width, y + height))
