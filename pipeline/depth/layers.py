"""Layers: what layered depth keeps of a background and of a foreground.

A teacher sees every source once; pipeline/depth/merge_layers.py puts a composite's map together
from two layers.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from pipeline.compositing.blend import paint
from pipeline.compositing.foreground import Foreground, scale_foreground
from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import upright
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.pixels.object_pixels import object_level

Codes = NDArray[np.uint16]
Map = NDArray[np.float32]
Mask = NDArray[np.uint8]

Part = tuple[float, float, float, float]
"""Left, top, right and bottom edge of a part of a picture, as shares of its sides."""

BASE = 0.998
"""Share of an object's solid pixels that lie above the row where it touches the scene."""

FULL = 256 * 255
"""Alpha of an opaque pixel of a coarse map, which `coarse_alpha` gives."""

_SURE = 230 * 256
_FINER = 2
_LONGEST, _FOOT = 0.72, 0.86
_STEEPEST = 0.5
_LEAST = 0.05
_HORIZON = 0.45
_SKY = ((200, 215, 235), (225, 228, 230))
_GROUND = ((165, 160, 150), (95, 90, 84))


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BackgroundLayer:
    """A background's depth codes uint16 (h, w), and how many of its values were clipped."""

    codes: Codes
    clipped: int


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class ForegroundLayer:
    """A foreground's own depth, not mirrored.

    `relief` float32 (h, w) covers the box: value / value at the base - 1. `base` is the lower edge
    of the row where the object stands, as a share of the box's height; `longest` the box's longest
    side as a share of the shorter one of the canvas that the teacher saw; `centre` the centre of
    its alpha, as shares of the box.
    """

    relief: Map
    base: float
    longest: float
    centre: tuple[float, float]


def background_layer(
    values: Map, coding: DepthCoding, part: Part | None = None, flip: bool = False
) -> BackgroundLayer:
    """A background's layer from the teacher's map of it, or of a part of it, mirrored or not."""
    if part is None:
        fitted = coding.fit(values)
    else:
        high, wide = values.shape
        edges = (part[0] * wide, part[1] * high, part[2] * wide, part[3] * high)
        picture = Image.fromarray(values)
        fitted = np.asarray(picture.resize(coding.size, Image.Resampling.BILINEAR, box=edges))
    codes, clipped = coding.codes(fitted[:, ::-1] if flip else fitted)
    return BackgroundLayer(codes=codes, clipped=clipped)


def stand_alone(foreground: Foreground, canvas: Size) -> tuple[NDArray[np.uint8], Mask, Box]:
    """The picture uint8 (H, W, 3) in which a teacher sees a foreground, its mask and its box.

    It stands on a plain ground under a plain sky, as large as in a composite.
    """
    longest = max(1, int(_LONGEST * min(canvas)))
    scale = longest / max(foreground.size)
    width, height = (max(1, int(side * scale + 0.5)) for side in foreground.size)
    x, y = (canvas[0] - width) // 2, max(0, int(_FOOT * canvas[1]) - height)
    placed = upright(scale_foreground(foreground, (width, height)), (x, y, width, height))
    image, mask = _backdrop(canvas), np.zeros(canvas[::-1], np.uint8)
    paint(image, placed)
    mask[y : y + height, x : x + width] = np.asarray(placed.picture.getchannel("A"))
    return image, mask, placed.box


def _backdrop(canvas: Size) -> NDArray[np.uint8]:
    """(H, W, 3): a sky that pales to the horizon, and a ground that darkens to the viewer."""
    width, height = canvas
    down = np.arange(height)[:, None] / height  # (H, 1)
    sky = down / _HORIZON
    ground = np.sqrt(np.clip((down - _HORIZON) / (1 - _HORIZON), 0, 1))
    colours = [
        np.array(a) + (np.array(b) - a) * share
        for (a, b), share in ((_SKY, sky), (_GROUND, ground))
    ]
    rows = np.where(down < _HORIZON, *colours)[:, None]  # (H, 1, 3)
    return np.repeat(rows, width, axis=1).astype(np.uint8)


def foreground_layer(values: Map, mask: Mask, box: Box, coding: DepthCoding) -> ForegroundLayer:
    """A foreground's layer from the teacher's map (h, w) of it as it stands alone.

    The map is taken where it is surely the object's, and is extended from there beyond its outline:
    what a network says at an outline is half the backdrop's.
    """
    wide, high = coding.size
    alpha = coarse_alpha(mask, (0, wide), (0, high), coding.size)
    opaque = Image.fromarray(alpha >= _SURE).convert("L")
    sure = np.asarray(opaque.filter(ImageFilter.MinFilter(3))) > 0
    grown = _go_on(coding.fit(values), sure if sure.any() else alpha == alpha.max())
    across, down = wide / mask.shape[1], high / mask.shape[0]
    x, y, width, height = box
    own = mask[y : y + height, x : x + width]
    base = base_of(own)
    foot = mean_at_base(grown, alpha, int((y + base * height) * down - 1e-6))
    least = _LEAST * coding.scale * coding.largest
    relief = np.clip(grown / max(foot, least) - 1, -_STEEPEST, 1 / _STEEPEST - 1)
    size = (max(1, round(_FINER * width * across)), max(1, round(_FINER * height * down)))
    edges = (x * across, y * down, (x + width) * across, (y + height) * down)
    fine = Image.fromarray(relief.astype(np.float32)).resize(
        size, Image.Resampling.BILINEAR, box=edges
    )
    longest = max(width, height) / min(mask.shape)
    return ForegroundLayer(
        relief=np.asarray(fine), base=base, longest=longest, centre=centre_of(own)
    )


def coarse_alpha(
    mask: Mask, columns: tuple[int, int], rows: tuple[int, int], size: Size
) -> NDArray[np.uint16]:
    """Alpha from 0 to FULL of each coarse pixel in a window of a map of `size`: the mean."""
    (height, width), (wide, high) = mask.shape, size
    across, down = width // wide, height // high
    if width == across * wide and height == down * high and 256 % (across * down) == 0:
        part = mask[down * rows[0] : down * rows[1], across * columns[0] : across * columns[1]]
        total = part[::down, ::across].astype(np.uint16)
        for place in range(1, across * down):
            total += part[place // across :: down, place % across :: across]
        total *= 256 // (across * down)
        return total
    window = (columns[1] - columns[0], rows[1] - rows[0])
    x_step, y_step = width / wide, height / high
    edges = (columns[0] * x_step, rows[0] * y_step, columns[1] * x_step, rows[1] * y_step)
    picture = Image.fromarray(mask).resize(window, Image.Resampling.BOX, box=edges)
    mean = np.asarray(picture).astype(np.uint16)
    mean *= 256
    return mean


def base_of(alpha: Mask) -> float:
    """The lower edge of the row that BASE of an object's solid pixels reach, as a share.

    What is fainter than the object itself has no say: a soft shadow lies lower than what throws it.
    """
    weights = np.where(alpha >= object_level(alpha), alpha, 0).sum(axis=1, dtype=np.int64)
    reached = np.cumsum(weights)
    row = int(np.searchsorted(reached, BASE * reached[-1]))
    return (row + 1) / len(alpha)


def centre_of(alpha: Mask) -> tuple[float, float]:
    """(x, y) of the centre of alpha (h, w), as shares of its sides; the middle where all is 0."""
    total = int(alpha.sum(dtype=np.int64))
    if not total:
        return 0.5, 0.5
    across, down = (
        int((2 * np.arange(len(sums)) + 1) @ sums) / (2 * total * len(sums))
        for sums in (alpha.sum(axis=axis, dtype=np.int64) for axis in (0, 1))
    )
    return across, down


def mean_at_base(values: NDArray[Any], alpha: NDArray[np.uint16], foot: int) -> float:
    """The mean of a window of values where the object stands: in row `foot` and the one above."""
    foot = min(max(foot, 0), len(values) - 1)
    band = slice(max(0, foot - 1), foot + 1)
    weights = alpha[band].astype(np.int64)
    total = int(weights.sum())
    if not total:
        weights, total = np.ones_like(weights), weights.size
    if values.dtype == np.uint16:
        return int((weights * values[band]).sum()) / total
    return float((weights * values[band]).sum()) / total


def _go_on(values: Map, known: NDArray[np.bool_]) -> Map:
    """Values (h, w) that stand where `known`, and elsewhere the mean of the known around.

    The mean is that of the smallest block of 2, 4, 8, ... pixels a side that knows any; where a
    map is one pixel high or wide by then, of as many in a line.
    """
    height, width = values.shape
    whole = tuple(1 << (side - 1).bit_length() for side in values.shape)
    weights = np.zeros(whole, np.float32)
    weights[:height, :width] = known
    sums = np.zeros(whole, np.float32)
    sums[:height, :width] = np.where(known, values, 0)
    levels = [(sums, weights)]
    while sums.size > 1:
        sums, weights = _halved(sums), _halved(weights)
        levels.append((sums, weights))
    filled: NDArray[Any] = sums / weights
    for sums, weights in reversed(levels[:-1]):
        coarse = filled.repeat(len(sums) // len(filled), axis=0)
        coarse = coarse.repeat(sums.shape[1] // filled.shape[1], axis=1)
        filled = np.where(weights > 0, sums / np.maximum(weights, 1), coarse)
    return filled[:height, :width]


def _halved(level: Map) -> Map:
    """Sums over blocks of two pixels a side, where there are two."""
    if len(level) == 1:
        return level[:, ::2] + level[:, 1::2]
    if level.shape[1] == 1:
        return level[::2] + level[1::2]
    return level[::2, ::2] + level[1::2, ::2] + level[::2, 1::2] + level[1::2, 1::2]
