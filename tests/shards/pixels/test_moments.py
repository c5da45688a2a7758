"""shards/pixels/moments.py"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from shards.pixels.moments import NOTHING, Moments, moments_of_bytes, moments_of_codes

pictures = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


@given(pictures)
def test_sums_are_those_of_numpy_in_integers(pixels: NDArray[np.uint8]) -> None:
    flat = pixels.reshape(-1, 3).astype(object)  # (H * W, 3)
    expected = tuple((len(flat), sum(c), sum(v * v for v in c)) for c in flat.T)
    assert moments_of_bytes(pixels).channels == expected


@given(pictures, pictures, pictures)
def test_merging_is_associative_and_commutative(
    a: NDArray[np.uint8], b: NDArray[np.uint8], c: NDArray[np.uint8]
) -> None:
    x, y, z = (moments_of_bytes(pixels) for pixels in (a, b, c))
    assert (x + y) + z == x + (y + z) == (z + x) + y
    assert x + NOTHING == x == NOTHING + x


@given(arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2)))
def test_codes_of_sixteen_bits_are_summed_exactly(codes: NDArray[np.uint16]) -> None:
    values = [int(v) for v in codes.ravel()]
    expected = ((len(values), sum(values), sum(v * v for v in values)),)
    assert moments_of_codes(codes).channels == expected


def test_codes_are_exact_beyond_one_part() -> None:
    codes = np.full((1500, 1500), 65535, np.uint16)
    assert moments_of_codes(codes).channels == ((2250000, 2250000 * 65535, 2250000 * 65535**2),)


def test_mean_and_std_agree_with_numpy() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    moments = moments_of_bytes(pixels)
    flat = pixels.reshape(-1, 3) / 255
    assert moments.mean(255) == pytest.approx(flat.mean(0).tolist(), abs=1e-14)
    assert moments.std(255) == pytest.approx(flat.std(0).tolist(), abs=1e-14)


@pytest.mark.parametrize("height", [257, 258, 259, 2048])
def test_white_pictures_of_any_height_are_summed_exactly(height: int) -> None:
    white = np.full((height, 3), 255, np.uint8)
    count = 3 * height
    assert moments_of_bytes(white).channels == ((count, count * 255, count * 255**2),)


def test_constant_pixels_have_no_deviation() -> None:
    assert moments_of_bytes(np.full((7, 7, 3), 201, np.uint8)).std(255) == [0.0, 0.0, 0.0]


def test_moments_survive_json() -> None:
    moments = Moments(((4, 10**18, 10**30),))
    assert Moments.from_json(moments.to_json()) == moments
