"""shards/pixels/object_pixels.py"""

import numpy as np
import pytest

from shards.pixels.object_pixels import object_level, object_pixels


@pytest.mark.parametrize(
    ("alpha", "own"),
    [
        ([0, 127, 128, 255], [0, 0, 1, 1]),
        ([0, 1, 50, 51, 101], [0, 0, 0, 1, 1]),
        ([0, 1, 63, 64, 127], [0, 0, 0, 1, 1]),
        ([0, 1], [0, 1]),
        ([0, 0], [0, 0]),
    ],
)
def test_a_pixel_is_the_objects_where_it_is_half_opaque_or_in_glass_half_the_largest(
    alpha: list[int], own: list[int]
) -> None:
    assert object_pixels(np.array([alpha], np.uint8)).tolist() == [[bool(each) for each in own]]


@pytest.mark.parametrize(
    ("largest", "level"), [(255, 128), (128, 128), (127, 64), (90, 45), (8, 4), (1, 1), (0, 1)]
)
def test_the_object_is_the_solid_part_or_half_of_the_largest(largest: int, level: int) -> None:
    assert object_level(np.array([[0, largest]], np.uint8)) == level


def test_the_level_is_the_same_share_of_any_scale() -> None:
    full = 256 * 255
    assert object_level(np.array([full]), full) == full // 2 + 1
    assert object_level(np.array([full // 4]), full) == full // 8
