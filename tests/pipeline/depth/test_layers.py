"""pipeline/depth/layers.py and pipeline/depth/merge_layers.py"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.foreground import Foreground
from pipeline.compositing.place import Box
from pipeline.depth.layers import (
    BackgroundLayer,
    ForegroundLayer,
    background_layer,
    foreground_layer,
    stand_alone,
)
from pipeline.depth.merge_layers import MARGIN, join_layers
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding, Kind

CANVAS, SIDE = 64, 32
WHOLE = (SIDE, SIDE)
INVERSE = DepthCoding.over_range(0, 1, kind="inverse", unit="relative", bits=16, size=WHOLE)
METRIC = DepthCoding.over_range(1, 80, kind="metric", unit="m", bits=16, size=WHOLE)


def ramp(low: float, high: float) -> NDArray[np.float32]:
    """A map (32, 32) that runs from `low` in the top row to `high` in the bottom row."""
    rows = np.linspace(low, high, SIDE, dtype=np.float32)
    return np.repeat(rows[:, None], SIDE, axis=1)


def box_mask(box: Box, alpha: int = 255) -> NDArray[np.uint8]:
    x, y, width, height = box
    mask = np.zeros((CANVAS, CANVAS), np.uint8)
    mask[y : y + height, x : x + width] = alpha
    return mask


def layer_of(
    values: NDArray[np.float32], coding: DepthCoding = INVERSE, box: Box = (12, 12, 40, 40)
) -> ForegroundLayer:
    return foreground_layer(values, box_mask(box), box, coding)


FLAT = layer_of(np.full((SIDE, SIDE), 0.5, np.float32))


@pytest.mark.parametrize("bottom", [40, 50, 62])
def test_a_flat_object_has_the_depth_of_the_scene_where_it_stands(bottom: int) -> None:
    box = (10, bottom - 30, 20, 30)
    background = background_layer(ramp(0.1, 0.9), INVERSE)
    codes, clipped = join_layers(background, FLAT, box_mask(box), box, False, INVERSE)
    inside = codes[bottom // 2 - 15 : bottom // 2 - 2, 5:15]
    row = background.codes[bottom // 2 - 1, 0]
    assert np.all(np.abs(inside.astype(int) - int(row)) <= 0.041 * 65535)
    assert clipped == 0


def test_it_stands_at_the_same_distance_in_metres() -> None:
    box = (10, 20, 20, 30)
    background = background_layer(ramp(60, 5), METRIC)
    flat = layer_of(np.full((SIDE, SIDE), 7, np.float32), METRIC)
    codes, _ = join_layers(background, flat, box_mask(box), box, False, METRIC)
    metres = METRIC.values(codes, WHOLE)
    assert metres[12, 10] == pytest.approx(METRIC.values(background.codes, WHOLE)[24, 0], rel=0.05)


def test_a_soft_shadow_below_an_object_is_not_where_it_stands() -> None:
    mask = box_mask((12, 12, 40, 40))
    mask[44:52, 12:52] = 90
    layer = foreground_layer(ramp(0.2, 0.8), mask, (12, 12, 40, 40), INVERSE)
    assert layer.base == pytest.approx(32 / 40)


def test_a_faint_object_still_stands_somewhere() -> None:
    layer = foreground_layer(
        ramp(0.2, 0.8), box_mask((12, 12, 40, 40), 60), (12, 12, 40, 40), INVERSE
    )
    assert layer.base == 1


def test_an_object_keeps_its_relief_and_a_larger_one_has_more_of_it() -> None:
    values = np.repeat(np.linspace(0.4, 0.6, SIDE, dtype=np.float32)[None], SIDE, axis=0)
    background = background_layer(np.full((SIDE, SIDE), 0.5, np.float32), INVERSE)
    spans = []
    for length in (16, 32):
        box = (8, 8, length, length)
        codes, _ = join_layers(background, layer_of(values), box_mask(box), box, False, INVERSE)
        inside = codes[6 : 4 + length // 2 - 2, 6 : 4 + length // 2 - 2].astype(int)
        assert np.all(np.diff(inside, axis=1) >= 0)
        spans.append(np.ptp(inside))
    assert spans[1] > 1.5 * spans[0] > 0


def test_what_the_object_does_not_cover_stays_as_it_was() -> None:
    box = (11, 13, 21, 30)
    background = background_layer(ramp(0.9, 0.1), INVERSE)
    codes, _ = join_layers(background, FLAT, box_mask(box), box, False, INVERSE)
    outside = np.ones((SIDE, SIDE), bool)
    outside[6:22, 5:16] = False
    assert np.array_equal(codes[outside], background.codes[outside])
    shadow, _ = join_layers(background, FLAT, box_mask(box, 60), box, False, INVERSE)
    assert np.array_equal(shadow, background.codes)


@st.composite
def joins(draw: st.DrawFn) -> tuple[BackgroundLayer, ForegroundLayer, NDArray[np.uint8], Box, Kind]:
    kind: Kind = draw(st.sampled_from(["inverse", "metric"]))
    coding = INVERSE if kind == "inverse" else METRIC
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    top = 1.0 if kind == "inverse" else 80.0
    values = rng.uniform(0, top, (2, SIDE, SIDE)).astype(np.float32)
    width, height = draw(st.integers(1, CANVAS)), draw(st.integers(1, CANVAS))
    x, y = draw(st.integers(0, CANVAS - width)), draw(st.integers(0, CANVAS - height))
    box = (x, y, width, height)
    mask = box_mask(box)
    if draw(st.booleans()):
        inside = rng.integers(0, 256, (height, width))
        mask[y : y + height, x : x + width] = inside
    return background_layer(values[0], coding), layer_of(values[1], coding), mask, box, kind


@given(joins(), st.booleans())
def test_nothing_hidden_is_nearer_than_the_object(
    join: tuple[BackgroundLayer, ForegroundLayer, NDArray[np.uint8], Box, Kind], flip: bool
) -> None:
    background, foreground, mask, box, kind = join
    coding = INVERSE if kind == "inverse" else METRIC
    codes, clipped = join_layers(background, foreground, mask, box, flip, coding)
    solid = mask.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3)) >= 193
    behind = coding.values(background.codes, WHOLE)[solid]
    object_ = coding.values(codes, WHOLE)[solid]
    step = 1.5 * coding.scale
    if kind == "inverse":
        assert np.all(object_ >= np.minimum(behind + MARGIN, 1) - step)
    else:
        assert np.all(object_ <= np.maximum(behind * (1 - MARGIN), 1) + step)
    assert 0 <= clipped <= codes.size


@given(joins())
def test_a_mirrored_object_on_a_mirrored_scene_is_the_mirrored_map(
    join: tuple[BackgroundLayer, ForegroundLayer, NDArray[np.uint8], Box, Kind],
) -> None:
    background, _, mask, (x, y, width, height), kind = join
    coding = INVERSE if kind == "inverse" else METRIC
    foreground = layer_of(ramp(4, 6).T.copy() / (10 if kind == "inverse" else 1), coding)
    codes, _ = join_layers(background, foreground, mask, (x, y, width, height), False, coding)
    mirrored = BackgroundLayer(codes=background.codes[:, ::-1].copy(), clipped=0)
    box = (CANVAS - x - width, y, width, height)
    again, _ = join_layers(mirrored, foreground, mask[:, ::-1].copy(), box, True, coding)
    assert np.all(np.abs(again[:, ::-1].astype(int) - codes) <= 0.05 * coding.largest)


def test_relief_beyond_the_range_is_clipped_and_counted() -> None:
    values = ramp(0.9, 0.1)
    background = background_layer(np.full((SIDE, SIDE), 0.9, np.float32), INVERSE)
    box = (12, 12, 40, 40)
    codes, clipped = join_layers(background, layer_of(values), box_mask(box), box, False, INVERSE)
    assert clipped > 0
    assert codes.max() == INVERSE.largest


def test_an_outline_does_not_fray_into_the_backdrop() -> None:
    values = np.full((SIDE, SIDE), 0.1, np.float32)
    values[7:25, 7:25] = 0.6  # a network's map: one pixel of the object's border is the backdrop's
    relief = layer_of(values).relief
    assert np.abs(relief).max() < 1e-6


@pytest.mark.parametrize("size", [(300, 100), (30, 200), (1, 1), (5, 400)])
@pytest.mark.parametrize("canvas", [(CANVAS, CANVAS), (96, 48), (40, 120)])
def test_a_foreground_stands_alone_wholly_in_view(size: Size, canvas: Size) -> None:
    picture = Image.new("RGBa", size, (200, 10, 10, 255))
    image, mask, (x, y, width, height) = stand_alone(Foreground(picture, size), canvas)
    assert image.shape == (canvas[1], canvas[0], 3)
    assert mask[y : y + height, x : x + width].min() == 255
    assert mask.sum() == 255 * width * height
    assert max(width, height) == int(0.72 * min(canvas))


@pytest.mark.parametrize("canvas", [(50, 50), (60, 60), (224, 224), (224, 60), (50, 300)])
@pytest.mark.parametrize("side", [SIDE, 48])
def test_maps_need_not_divide_the_canvas(canvas: Size, side: int) -> None:
    width, height = canvas
    size = (min(side, width), min(side + 8, height))
    coding = DepthCoding.over_range(0, 1, kind="inverse", unit="relative", bits=12, size=size)
    mask = np.zeros((height, width), np.uint8)
    mask[height - 17 :, width - 9 :] = 255
    background = background_layer(ramp(0.1, 0.6), coding)
    box = (width - 9, height - 17, 9, 17)
    codes, _ = join_layers(background, FLAT, mask, box, True, coding)
    assert codes.shape == size[::-1]
    assert codes[-1, -1] > background.codes[-1, -1]
