"""pipeline/depth/layers.py"""

import numpy as np
import pytest
from made_layers import CANVAS, INVERSE, SIDE, box_mask, layer_of, ramp
from PIL import Image

from pipeline.compositing.foreground import Foreground
from pipeline.depth.layers import background_layer, centre_of, foreground_layer, stand_alone
from shards.base.size import Size


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


def test_the_centre_is_that_of_alpha() -> None:
    alpha = np.zeros((10, 20), np.uint8)
    assert centre_of(alpha) == (0.5, 0.5)
    alpha[2, 4] = alpha[2, 5] = 100
    assert centre_of(alpha) == (5 / 20, 2.5 / 10)
    alpha[8, 15] = 200
    assert centre_of(alpha) == ((5 + 15.5) / 40, (2.5 + 8.5) / 20)


def test_a_part_of_a_background_is_that_part_of_its_map() -> None:
    values = np.random.default_rng(4).uniform(0, 1, (SIDE, SIDE)).astype(np.float32)
    whole = background_layer(values, INVERSE).codes
    part = background_layer(values, INVERSE, (0.25, 0.5, 0.75, 1)).codes  # 16 x 16, doubled
    assert part.shape == whole.shape
    quarter = part.reshape(16, 2, 16, 2).astype(np.int64).mean(axis=(1, 3))
    smooth = np.abs(quarter - whole[16:, 8:24]) / INVERSE.largest
    assert smooth.mean() < 0.12  # bilinear: 3/4 of the pixel and 1/4 of those around it
    assert np.array_equal(background_layer(values, INVERSE, (0, 0, 1, 1)).codes, whole)


def test_a_mirrored_background_is_its_mirrored_map() -> None:
    values = np.random.default_rng(5).uniform(0, 1.2, (SIDE, SIDE)).astype(np.float32)
    plain, mirrored = (background_layer(values, INVERSE, None, flip) for flip in (False, True))
    assert np.array_equal(mirrored.codes[:, ::-1], plain.codes)
    assert mirrored.clipped == plain.clipped > 0
    part = (0.125, 0.25, 0.5, 0.625)
    plain, mirrored = (background_layer(values, INVERSE, part, flip) for flip in (False, True))
    assert np.array_equal(mirrored.codes[:, ::-1], plain.codes)
