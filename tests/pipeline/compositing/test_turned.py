"""pipeline/compositing/turned.py"""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from pipeline.compositing.angles import cosine_and_sine
from pipeline.compositing.turned import (
    ANGLES,
    ONE,
    make_turnable,
    plan_turn,
    turned_alpha,
    turned_picture,
    turned_sizes,
)

CANVAS = (96, 64)
SCALES = (0.4, 0.9)


def disc(width: int, height: int, colour: tuple[int, int, int] = (250, 200, 40)) -> Image.Image:
    y, x = np.mgrid[:height, :width]
    away = np.hypot((x + 0.5) / width - 0.5, (y + 0.5) / height - 0.5)
    alpha = np.clip((0.5 - away) * max(width, height) / 2, 0, 1) * 255
    pixels = np.zeros((height, width, 4), np.uint8)
    pixels[..., :3] = colour
    pixels[..., 3] = alpha
    return Image.fromarray(pixels)


def arrow() -> Image.Image:
    """A picture that no turn or flip leaves as it is: opaque, its upper left quarter clear."""
    pixels = np.full((60, 100, 4), 255, np.uint8)
    pixels[:30, :50] = 0
    return Image.fromarray(pixels)


def test_no_angle_is_so_near_a_half_that_last_bits_could_move_its_cosine() -> None:
    for angle in range(-180 * ANGLES, 180 * ANGLES + 1):
        for value in cosine_and_sine(angle / ANGLES):
            rest = abs(Fraction(value) * ONE) % 1
            assert abs(rest - Fraction(1, 2)) > Fraction(1, 10**7)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_right_angles_turn_counter_clockwise_after_the_flip(quarter: int, flip: bool) -> None:
    turnable = make_turnable(arrow(), 64, 0.9)
    turn = plan_turn(turnable, quarter * 90 * ANGLES, flip)
    size, unturned = turned_sizes(turnable, turn, 0.9, CANVAS, SCALES)
    upright = arrow().transpose(Image.Transpose.FLIP_LEFT_RIGHT) if flip else arrow()
    expected = upright.rotate(90 * quarter, expand=True).resize(size).getchannel("A")
    found = turned_alpha(turnable, turn, size)
    assert unturned == (size if quarter == 2 else size[::-1])
    differing = np.abs(np.asarray(found).astype(int) - np.asarray(expected)) > 64
    assert differing.mean() < 0.05


@given(st.integers(-180 * ANGLES, 180 * ANGLES), st.integers(8, 300), st.integers(8, 300))
@settings(max_examples=40, deadline=None)
def test_a_turned_object_fills_its_box_and_keeps_its_share_of_it(
    angle: int, width: int, height: int
) -> None:
    turnable = make_turnable(Image.new("RGBA", (width, height), (9, 9, 9, 255)), 64, 0.9)
    turn = plan_turn(turnable, angle, False)
    size, unturned = turned_sizes(turnable, turn, 0.5, CANVAS, SCALES)
    alpha = np.asarray(turned_alpha(turnable, turn, size)).astype(float) / 255
    assert max(size) == int((0.4 + 0.5 * 0.5) * 64 + 0.5)
    if min(*size, *unturned) > 8:
        assert alpha.sum() == pytest.approx(unturned[0] * unturned[1], rel=0.12)
        for edge in (alpha[:2], alpha[-2:], alpha[:, :2], alpha[:, -2:]):
            assert edge.max() > 0.2


@given(st.integers(-90 * ANGLES, 90 * ANGLES), st.booleans())
@settings(max_examples=20, deadline=None)
def test_edges_have_no_halo_and_alpha_alone_is_that_of_the_picture(angle: int, flip: bool) -> None:
    colour = (250, 200, 40)
    turnable = make_turnable(disc(300, 200, colour), 64, 0.9)
    turn = plan_turn(turnable, angle, flip)
    size, _ = turned_sizes(turnable, turn, 0.7, CANVAS, SCALES)
    picture = np.asarray(turned_picture(turnable, turn, size)).astype(int)
    assert np.array_equal(picture[..., 3], np.asarray(turned_alpha(turnable, turn, size)))
    seen = picture[picture[..., 3] >= 32]
    assert np.abs(seen[:, :3] - colour).max() <= 10  # premultiplied bytes at a low alpha
    assert ((picture[..., 3] > 0) & (picture[..., 3] < 255)).any()


def test_edges_of_a_turned_rectangle_are_straight_and_soft() -> None:
    turnable = make_turnable(Image.new("RGBA", (400, 400), (0, 0, 0, 255)), 200, 0.9)
    turn = plan_turn(turnable, 20 * ANGLES, False)
    size, _ = turned_sizes(turnable, turn, 0.5, (200, 200), (0.9, 0.9))
    alpha = np.asarray(turned_alpha(turnable, turn, size)).astype(float) / 255
    start = (np.argmax(alpha > 0.5, axis=1))[60:120]
    slope = np.polyfit(np.arange(len(start)), start, 1)
    away = start - np.polyval(slope, np.arange(len(start)))
    assert np.abs(away).max() < 1
    assert np.unique(alpha).size >= 4
