"""pipeline/depth/relief.py: an object's relief turned with it"""

import numpy as np
import pytest
from made_layers import INVERSE, SIDE, joined, layer_of, placed_at, ramp
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layers import ForegroundLayer, background_layer, centre_of
from pipeline.depth.relief import Window, turned_relief

PLAIN = background_layer(np.full((SIDE, SIDE), 0.5, np.float32), INVERSE)
ACROSS = layer_of(ramp(0.4, 0.6).T.copy())  # nearer to the right
WHOLE = Window(columns=(0, 64), rows=(0, 64), canvas=(64, 64), size=(64, 64))


def turned_wedge(rotation: float, flip: bool) -> tuple[ForegroundLayer, PlacedObject]:
    """A wedge of alpha whose relief is its alpha, and the same turned by Pillow and cut."""
    down, across = np.indices((30, 20)) + 0.5
    value = np.where(across / 20 <= down / 30, 100 + across * 7, 0)
    layer = ForegroundLayer(
        relief=(value / 255).astype(np.float32),
        base=1.0,
        longest=0.5,
        centre=centre_of(value.astype(np.uint8)),
    )
    upright = Image.fromarray(value[:, ::-1] if flip else value).convert("L")
    turned = upright.rotate(rotation, Image.Resampling.BICUBIC, expand=True)
    left, top, right, bottom = turned.point(lambda alpha: 255 * (alpha >= 8)).getbbox() or (0,) * 4
    turned = turned.crop((left, top, right, bottom))
    box = (7, 5, *turned.size)
    return layer, placed_at(
        box, np.asarray(turned), flip=flip, rotation=rotation, unturned=(20, 30)
    )


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation", [7.5, -30.0, 45.0, 90.0, 123.0, -170.0])
def test_relief_turns_as_the_picture_does(rotation: float, flip: bool) -> None:
    """Where relief is alpha, the turned relief is the turned picture's alpha, to a factor."""
    layer, placed = turned_wedge(rotation, flip)
    x, y, width, height = placed.box
    alpha = np.zeros((64, 64), np.uint16)
    alpha[y : y + height, x : x + width] = np.asarray(placed.picture)[..., 3]
    centre = centre_of(np.asarray(placed.picture)[..., 3])
    relief = turned_relief(layer, placed, WHOLE, centre, alpha * 256, foot=y + height - 1)
    own = alpha >= 90
    own[1:-1, 1:-1] &= own[:-2, 1:-1] & own[2:, 1:-1] & own[1:-1, :-2] & own[1:-1, 2:]
    expected = 1 + alpha[own] / 255
    factor = np.median(expected / (1 + relief[own]))
    assert np.quantile(np.abs((1 + relief[own]) * factor - expected), 0.95) <= 0.06


def rows_of(rotation: float) -> NDArray[np.int64]:
    codes, _ = joined(PLAIN, ACROSS, placed_at((12, 12, 40, 40), rotation=rotation))
    return codes[8:24, 16].astype(np.int64)


def test_what_was_right_is_above_after_a_turn_to_the_left() -> None:
    assert np.all(np.diff(rows_of(90)) <= 0)
    assert np.ptp(rows_of(90)) > 0.05 * INVERSE.largest


def test_a_turned_object_stands_where_it_touches_the_scene() -> None:
    """What was its far side is its base now, at the depth of what it stands on and before it."""
    base = rows_of(90)[-1] / INVERSE.largest
    assert base == pytest.approx(0.54, abs=0.01)


def test_a_whole_turn_is_none() -> None:
    turned, upright = (
        joined(PLAIN, ACROSS, placed_at((12, 12, 40, 40), rotation=rotation))[0]
        for rotation in (360.0, 0.0)
    )
    assert np.abs(turned.astype(int) - upright).max() <= 0.01 * INVERSE.largest
