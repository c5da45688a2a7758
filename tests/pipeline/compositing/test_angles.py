"""pipeline/compositing/angles.py: the C library's values without its last bits"""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.compositing.angles import cosine_and_sine


@given(st.integers(-64 * 360, 64 * 360))
def test_both_are_those_of_the_angle(sixty_fourths: int) -> None:
    degrees = sixty_fourths / 64
    cosine, sine = cosine_and_sine(degrees)
    assert cosine == pytest.approx(math.cos(math.radians(degrees)), abs=4e-15)
    assert sine == pytest.approx(math.sin(math.radians(degrees)), abs=4e-15)


@pytest.mark.parametrize(
    ("degrees", "expected"),
    [(0, (1, 0)), (90, (0, 1)), (180, (-1, 0)), (-90, (0, -1)), (270, (0, -1)), (360, (1, 0))],
)
def test_right_angles_are_exact(degrees: float, expected: tuple[int, int]) -> None:
    assert cosine_and_sine(degrees) == expected


def test_no_last_bit_changes() -> None:
    cosine, sine = cosine_and_sine(33.703125)
    assert (cosine.hex(), sine.hex()) == ("0x1.a9f1ec8cd28e6p-1", "0x1.1c1a8426cc331p-1")
