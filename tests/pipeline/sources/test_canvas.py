"""pipeline/sources/canvas.py: what a background gives of itself"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.sources.canvas import crop_to_canvas, flatten, largest_crop
from shards.base.size import Size

SIDES = st.integers(1, 5000)
CANVASES = st.tuples(st.integers(16, 4096), st.integers(16, 4096))


def filled(picture: Image.Image, canvas: Size) -> Image.Image:
    return crop_to_canvas(flatten(picture), largest_crop(picture.size, canvas), canvas)


@pytest.mark.parametrize(
    ("picture", "canvas", "crop"),
    [
        ((300, 100), (32, 32), (100, 0, 100, 100)),
        ((100, 301), (32, 32), (0, 100, 100, 100)),
        ((300, 100), (320, 240), (83, 0, 133, 100)),
        ((300, 300), (320, 240), (0, 37, 300, 225)),
        ((640, 480), (320, 240), (0, 0, 640, 480)),
        ((100, 100), (16, 4096), (49, 0, 1, 100)),
        ((3, 1), (4096, 16), (0, 0, 3, 1)),
    ],
)
def test_the_largest_centred_part_of_the_canvas_shape_is_taken(
    picture: Size, canvas: Size, crop: tuple[int, int, int, int]
) -> None:
    assert largest_crop(picture, canvas) == crop


@given(st.tuples(SIDES, SIDES), CANVASES)
def test_a_crop_lies_within_touches_two_edges_and_has_the_shape_to_half_a_pixel(
    picture: Size, canvas: Size
) -> None:
    x, y, width, height = largest_crop(picture, canvas)
    assert 0 <= x <= x + width <= picture[0]
    assert 0 <= y <= y + height <= picture[1]
    assert width == picture[0] or height == picture[1]
    assert abs(2 * x + width - picture[0]) <= 1
    assert abs(2 * y + height - picture[1]) <= 1
    if width > 1 and height > 1:
        wide, high = canvas
        assert abs(width * high - height * wide) <= max(canvas) / 2


def fill_canvas(picture: Image.Image, canvas: Size) -> Image.Image:
    return crop_to_canvas(flatten(picture), largest_crop(picture.size, canvas), canvas)


def test_a_background_fills_a_square_and_a_rectangle() -> None:
    wide = Image.new("RGB", (300, 100), (255, 0, 0))
    wide.paste((0, 0, 255), (100, 0, 200, 100))
    assert np.asarray(filled(wide, (32, 32))).reshape(-1, 3).tolist() == [[0, 0, 255]] * 1024
    row = np.asarray(filled(wide, (60, 20)))[10]
    assert [tuple(row[x]) for x in (5, 30, 55)] == [(255, 0, 0), (0, 0, 255), (255, 0, 0)]
    assert filled(wide, (16, 400)).size == (16, 400)


def test_a_background_with_alpha_lies_over_mid_grey() -> None:
    clear = Image.new("RGBA", (10, 10), (255, 0, 0, 0))
    assert filled(clear, (8, 4)).getpixel((1, 1)) == (128, 128, 128)
