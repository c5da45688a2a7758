"""shards/pixels/depth_coding.py"""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shards.pixels.depth_coding import DepthCoding

METRES = DepthCoding.over_range(0.5, 80.0, kind="metric", unit="m", bits=12, size=(4, 4))


@given(st.floats(0.5, 80, width=32), st.integers(1, 16))
def test_a_value_comes_back_within_half_a_step(value: float, bits: int) -> None:
    coding = DepthCoding.over_range(0.5, 80.0, kind="metric", unit="m", bits=bits, size=(1, 1))
    codes, clipped = coding.codes(np.full((1, 1), value, np.float32))
    assert clipped == 0
    assert coding.values(codes, (1, 1))[0, 0] == pytest.approx(value, abs=coding.scale / 2 + 1e-4)


def test_values_outside_the_range_are_clipped_and_counted() -> None:
    codes, clipped = METRES.codes(np.array([[-3.0, 0.5], [80.0, 1e9]], np.float32))
    assert codes.tolist() == [[0, 0], [4095, 4095]]
    assert clipped == 2


def test_small_maps_are_upsampled_at_half_pixel_centres() -> None:
    codes = np.array([[0, 4095], [0, 4095]], np.uint16)
    assert METRES.fractions(codes, (4, 2))[0] == pytest.approx([0, 0.25, 0.75, 1])


def test_maps_of_full_size_are_not_resampled() -> None:
    codes = np.arange(16, dtype=np.uint16).reshape(4, 4)
    assert np.array_equal(METRES.fractions(codes, (4, 4)), (codes / np.float32(4095)))


def test_a_coding_survives_json() -> None:
    assert DepthCoding.from_json(json.loads(json.dumps(METRES.to_json()))) == METRES
