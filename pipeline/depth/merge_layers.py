"""A composite's depth, joined from the layers of its background and its foreground.

The object stands where its base touches the scene and keeps its own relief; nothing that it hides
is nearer than it is. Sums are of integers and everything else goes element by element, so equal
layers give equal codes.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.place import Box
from pipeline.depth.layers import (
    FULL,
    BackgroundLayer,
    Codes,
    ForegroundLayer,
    Map,
    Mask,
    coarse_alpha,
    mean_at_base,
)
from pipeline.sources.alpha import object_level
from shards.pixels.depth_coding import DepthCoding, Kind

HIDDEN = 0.95
"""Share of what an object hides that it is nearer than as a whole; what is left gives way."""

MARGIN = 0.04
"""How much nearer: a share of the range of an inverse depth, of the distance of a metric one."""

FAINT, SURE = 0.25, 0.75
"""Alpha up to which a pixel's depth is the scene's, and from which it is the object's.

A soft shadow belongs to the scene; between the two depth is blended.
"""


def join_layers(
    background: BackgroundLayer,
    foreground: ForegroundLayer,
    mask: Mask,
    box: Box,
    flip: bool,
    coding: DepthCoding,
) -> tuple[Codes, int]:
    """The codes uint16 (h, w) of a composite, and how many values were clipped.

    `mask` (H, W) is the foreground's alpha as placed in `box`.
    """
    (wide, high), (canvas_height, canvas_width) = coding.size, mask.shape
    x, y, width, height = box
    columns = _covering(x, width, canvas_width, wide)
    rows = _covering(y, height, canvas_height, high)
    window = (slice(*rows), slice(*columns))
    alpha = coarse_alpha(mask, columns, rows, coding.size)
    codes = background.codes.copy()
    behind = codes[window]
    nearest = np.maximum if coding.kind == "inverse" else np.minimum
    foot = int((y + foreground.base * height) * high / canvas_height - 1e-6) - rows[0]
    hidden = behind[alpha >= object_level(alpha, FULL)]
    level = nearest(
        np.float32(mean_at_base(behind, alpha, foot)),
        _before(_quantile(hidden if hidden.size else behind.ravel(), coding.kind), coding),
    )
    gain = np.float32(max(width, height) / min(mask.shape) / foreground.longest)
    shift = np.float32(coding.offset / coding.scale)
    steps = (canvas_width / wide, canvas_height / high)
    relief = _relief(foreground, box, columns, rows, steps, flip)
    own = level + np.maximum(level + shift, 0) * gain * relief
    shares = np.clip(
        (alpha - np.float32(FAINT * FULL)) * np.float32(1 / (SURE - FAINT) / FULL), 0, 1
    )
    clipped = background.clipped
    if own.min() < 0 or own.max() > coding.largest:
        clipped += int(np.count_nonzero(((own < 0) | (own > coding.largest)) & (shares > 0)))
    there = behind.astype(np.float32)
    before = np.clip(nearest(own, _before(there, coding)), 0, coding.largest)
    codes[window] = np.rint(there + shares * (before - there))
    return codes, clipped


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


def _covering(start: int, length: int, canvas: int, side: int) -> tuple[int, int]:
    """First and last (exclusive) of `side` coarse pixels that cover a stretch of the canvas."""
    return start * side // canvas, -(-(start + length) * side // canvas)


def _relief(
    layer: ForegroundLayer,
    box: Box,
    columns: tuple[int, int],
    rows: tuple[int, int],
    steps: tuple[float, float],
    flip: bool,
) -> Map:
    """The relief of an object in `box` over a window of coarse pixels, `steps` wide and high.

    A layer is finer than any placement of it: the nearest of its values is taken.
    """
    x, y, width, height = box
    high, wide = layer.relief.shape
    across = _places(columns, x, width, steps[0], wide)
    down = _places(rows, y, height, steps[1], high)
    relief = layer.relief[:, ::-1] if flip else layer.relief
    return relief.take(down, axis=0).take(across, axis=1)


def _places(
    window: tuple[int, int], start: int, length: int, step: float, count: int
) -> NDArray[np.intp]:
    """Which of `count` places along a side of the box the centres of coarse pixels fall on."""
    scale = count / length
    centres = np.arange(window[0] + 0.5, window[1]) * (step * scale) - start * scale
    return np.clip(centres, 0, count - 1).astype(np.intp)
