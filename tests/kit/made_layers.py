"""Layers and placed objects made by hand, for tests of layered depth."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layers import BackgroundLayer, Codes, ForegroundLayer, foreground_layer
from pipeline.depth.merge_layers import join_layers
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding

CANVAS, SIDE = 64, 32
INVERSE = DepthCoding.over_range(0, 1, kind="inverse", unit="relative", bits=16, size=(SIDE, SIDE))
METRIC = DepthCoding.over_range(1, 80, kind="metric", unit="m", bits=16, size=(SIDE, SIDE))


def ramp(low: float, high: float) -> NDArray[np.float32]:
    """A map (32, 32) that runs from `low` in the top row to `high` in the bottom row."""
    rows = np.linspace(low, high, SIDE, dtype=np.float32)
    return np.repeat(rows[:, None], SIDE, axis=1)


def box_mask(box: Box, alpha: int = 255) -> NDArray[np.uint8]:
    """A mask (64, 64) of one alpha within a box."""
    x, y, width, height = box
    mask = np.zeros((CANVAS, CANVAS), np.uint8)
    mask[y : y + height, x : x + width] = alpha
    return mask


def layer_of(
    values: NDArray[np.float32], coding: DepthCoding = INVERSE, box: Box = (12, 12, 40, 40)
) -> ForegroundLayer:
    """The layer of a foreground that fills a box, from a map (32, 32) of it."""
    return foreground_layer(values, box_mask(box), box, coding)


def placed_at(
    box: Box,
    alpha: NDArray[np.uint8] | int = 255,
    *,
    flip: bool = False,
    rotation: float = 0.0,
    unturned: Size | None = None,
) -> PlacedObject:
    """An object in a box, of one alpha or of alpha (height, width)."""
    pixels = np.zeros((box[3], box[2], 4), np.uint8)
    pixels[..., 3] = alpha
    return PlacedObject(
        foreground=0,
        flip=flip,
        placement=None,
        rotation=rotation,
        box=box,
        unturned=unturned or box[2:],
        picture=Image.fromarray(pixels),
        blend="alpha",
    )


def joined(
    background: BackgroundLayer,
    layer: ForegroundLayer,
    *placed: PlacedObject,
    coding: DepthCoding = INVERSE,
) -> tuple[Codes, int]:
    """The map of a scene of one foreground, placed once or more often, on a canvas of 64 pixels."""
    return join_layers(background, [(layer, each) for each in placed], (CANVAS, CANVAS), coding)
