"""A composite's depth, joined from the layers of its background and its objects in paint order.

Each object stands where its base touches what is there already, keeps its own relief, and nothing
that it hides is nearer than it is. Sums are of integers and everything else goes element by
element, so equal layers give equal codes.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layers import (
    FULL,
    BackgroundLayer,
    Codes,
    ForegroundLayer,
    Map,
    Mask,
    base_of,
    centre_of,
    coarse_alpha,
    mean_at_base,
)
from pipeline.depth.relief import Window, placed_relief, turned_relief
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding, Kind
from shards.pixels.object_pixels import object_level

HIDDEN = 0.95
"""Share of what an object hides that it is nearer than as a whole; what is left gives way."""

MARGIN = 0.04
"""How much nearer: a share of the range of an inverse depth, of the distance of a metric one."""

FAINT, SURE = 0.25, 0.75
"""Alpha up to which a pixel's depth is the scene's, and from which it is the object's.

A soft shadow belongs to the scene; between the two depth is blended.
"""


_ROOM, _MOST_ROOM = 0.005, 0.1
"""What an object leaves free at the near end for each one painted later, and all of them at most.

A share of the range of an inverse depth, of the nearest distance of a metric one.
"""


def join_layers(
    background: BackgroundLayer,
    objects: Sequence[tuple[ForegroundLayer, PlacedObject]],
    canvas: Size,
    coding: DepthCoding,
) -> tuple[Codes, int]:
    """The codes uint16 (h, w) of a composite, and how many values were clipped.

    `objects` are in the order of painting; what lies beyond the canvas has no say. At the near end
    of the range each leaves a little room, so that a later one can still be in front of it.
    """
    codes = background.codes.copy()
    clipped = np.zeros(codes.shape, np.bool_)
    near = coding.largest if coding.kind == "inverse" else coding.offset / coding.scale
    room = min(_ROOM, _MOST_ROOM / max(len(objects), 1)) * near
    for later, (layer, placed) in zip(reversed(range(len(objects))), objects, strict=True):
        window = _window(placed, canvas, coding.size)
        if window is not None:
            _join(codes, clipped, layer, placed, window, later * room, coding)
    return codes, background.clipped + int(np.count_nonzero(clipped))


def _join(
    codes: Codes,
    clipped: NDArray[np.bool_],
    layer: ForegroundLayer,
    placed: PlacedObject,
    window: Window,
    room: float,
    coding: DepthCoding,
) -> None:
    """Join one object to the map so far, in place, with codes of `room` left at the near end."""
    own_alpha = np.asarray(placed.picture.getchannel("A"))
    mask = _on_canvas(own_alpha, placed.box, window.canvas)
    alpha = coarse_alpha(mask, window.columns, window.rows, window.size)
    inside = (slice(*window.rows), slice(*window.columns))
    behind = codes[inside]
    nearest = np.maximum if coding.kind == "inverse" else np.minimum
    base = base_of(own_alpha) if placed.rotation else layer.base
    foot = _row_of(placed.box[1] + base * placed.box[3], window)
    hidden = behind[alpha >= object_level(alpha, FULL)]
    level = nearest(
        np.float32(mean_at_base(behind, alpha, foot)),
        _before(_quantile(hidden if hidden.size else behind.ravel(), coding.kind), coding),
    )
    gain = np.float32(max(placed.unturned) / min(window.canvas) / layer.longest)
    shift = np.float32(coding.offset / coding.scale)
    if placed.rotation:
        relief = turned_relief(layer, placed, window, centre_of(own_alpha), alpha, foot)
    else:
        relief = placed_relief(layer, placed, window)
    own = level + np.maximum(level + shift, 0) * gain * relief
    shares = np.clip(
        (alpha - np.float32(FAINT * FULL)) * np.float32(1 / (SURE - FAINT) / FULL), 0, 1
    )
    if own.min() < 0 or own.max() > coding.largest or clipped.any():
        outside = (own < 0) | (own > coding.largest)
        clipped[inside] = np.where(shares > 0, outside, clipped[inside])
    there = behind.astype(np.float32)
    low, high = (0, coding.largest - room) if coding.kind == "inverse" else (room, coding.largest)
    before = nearest(np.clip(nearest(own, _before(there, coding)), low, high), there)
    codes[inside] = np.rint(there + shares * (before - there))


def _on_canvas(alpha: Mask, box: Box, canvas: Size) -> Mask:
    """Alpha (h, w) of a box on a canvas that it may reach beyond: (H, W)."""
    x, y, width, height = box
    left, top = max(x, 0), max(y, 0)
    right, bottom = min(x + width, canvas[0]), min(y + height, canvas[1])
    mask = np.zeros(canvas[::-1], np.uint8)
    mask[top:bottom, left:right] = alpha[top - y : bottom - y, left - x : right - x]
    return mask


def _window(placed: PlacedObject, canvas: Size, size: Size) -> Window | None:
    """The coarse pixels of a map of `size` that an object's box covers; None beyond the canvas."""
    x, y, width, height = placed.box
    columns = _covering(x, width, canvas[0], size[0])
    rows = _covering(y, height, canvas[1], size[1])
    if columns[0] >= columns[1] or rows[0] >= rows[1]:
        return None
    return Window(columns=columns, rows=rows, canvas=canvas, size=size)


def _row_of(y: float, window: Window) -> int:
    """The row of a window that holds what lies just above `y` on the canvas."""
    return int(y * window.size[1] / window.canvas[1] - 1e-6) - window.rows[0]


def _covering(start: int, length: int, canvas: int, side: int) -> tuple[int, int]:
    """First and last (exclusive) of `side` coarse pixels that cover a stretch of the canvas."""
    first, last = max(start, 0), min(start + length, canvas)
    return first * side // canvas, -(-last * side // canvas)


def _before(codes: Map, coding: DepthCoding) -> Map:
    """Codes a MARGIN nearer than `codes`."""
    if coding.kind == "inverse":
        return codes + np.float32(MARGIN * coding.largest)
    shift = np.float32(coding.offset / coding.scale)
    return (codes + shift) * np.float32(1 - MARGIN) - shift


def _quantile(codes: Codes, kind: Kind) -> Map:
    """The code that HIDDEN of `codes` are farther away than, or as far."""
    share = HIDDEN if kind == "inverse" else 1 - HIDDEN
    place = int(share * (codes.size - 1) + 0.5)
    return np.partition(codes, place)[place : place + 1].astype(np.float32)
