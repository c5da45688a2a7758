"""shards/writing/tiles.py"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from shards.pixels.codecs import decode_jpeg, encode_jpeg
from shards.pixels.moments import moments_of_box, moments_of_bytes
from shards.writing.tiles import Box, TileSums, reach


def changed(side: int, box: Box, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Noise uint8 (S, S, 3), and the same with other noise in a box: the worst there is."""
    rng = np.random.default_rng(seed)
    background = rng.integers(0, 256, (side, side, 3), dtype=np.uint8)
    x, y, width, height = box
    composite = background.copy()
    composite[y : y + height, x : x + width] = rng.integers(0, 256, (height, width, 3))
    return background, composite


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, Box, int, int]:
    side = draw(st.integers(16, 100))
    x, y = draw(st.integers(0, side - 1)), draw(st.integers(0, side - 1))
    width, height = draw(st.integers(1, side - x)), draw(st.integers(1, side - y))
    return side, (x, y, width, height), draw(st.integers(0, 999)), draw(st.integers(1, 100))


@settings(max_examples=300, deadline=None)
@given(cases())
def test_sums_of_a_composite_are_those_of_all_its_decoded_pixels(
    case: tuple[int, Box, int, int],
) -> None:
    side, box, seed, quality = case
    background, composite = (
        decode_jpeg(encode_jpeg(pixels, quality)) for pixels in changed(side, box, seed)
    )
    outside = np.ones((side, side), bool)
    outside[reach(box, side)] = False
    assert np.array_equal(background[outside], composite[outside])
    assert TileSums(background).of_composite(composite, box) == moments_of_bytes(composite)


@pytest.mark.parametrize("side", [224, 225, 333])
def test_sums_hold_at_the_sizes_of_data_sets(side: int) -> None:
    box = (37, 101, 90, 64)
    background, composite = (
        decode_jpeg(encode_jpeg(pixels, 90)) for pixels in changed(side, box, 5)
    )
    assert TileSums(background).of_composite(composite, box) == moments_of_bytes(composite)


def test_what_a_box_reaches_is_not_much_more_than_the_box() -> None:
    rows, columns = reach((64, 80, 32, 16), 224)
    assert (rows, columns) == (slice(72, 104), slice(56, 104))


@given(cases())
def test_sums_of_a_mask_are_those_of_all_its_pixels(case: tuple[int, Box, int, int]) -> None:
    side, (x, y, width, height), seed, _ = case
    mask = np.zeros((side, side), np.uint8)
    mask[y : y + height, x : x + width] = np.random.default_rng(seed).integers(
        0, 256, (height, width)
    )
    assert moments_of_box(mask, (x, y, width, height)) == moments_of_bytes(mask)
