"""shards/pixels/object_pixels.py"""

import numpy as np
import pytest

from shards.pixels.object_pixels import object_pixels


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
