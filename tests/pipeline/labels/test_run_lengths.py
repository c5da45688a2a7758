"""pipeline/labels/run_lengths.py"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from pycocotools import mask as coco

from pipeline.labels.run_lengths import compress_counts, run_lengths

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

MAPS = arrays(
    np.uint8,
    array_shapes(min_dims=2, max_dims=2, max_side=40),
    elements=st.sampled_from([0, 0, 1, 2, 255]),
)


@given(MAPS)
def test_the_text_is_that_of_pycocotools(instances: np.ndarray) -> None:
    expected = {
        int(number): coco.encode(np.asfortranarray(instances == number))["counts"].decode()
        for number in np.unique(instances)
        if number
    }
    assert run_lengths(instances) == expected


@given(MAPS)
def test_pycocotools_gives_the_pixels_back(instances: np.ndarray) -> None:
    for number, counts in run_lengths(instances).items():
        pixels = coco.decode({"size": list(instances.shape), "counts": counts})
        assert (pixels == (instances == number)).all()


@pytest.mark.parametrize(
    ("counts", "text"),
    [([6], "6"), ([0, 6], "06"), ([2, 2, 2], "222"), ([15, 16, 32, 1000, 16], "?`0P1hn0@")],
)
def test_counts_of_one_two_and_three_characters(counts: list[int], text: str) -> None:
    assert compress_counts(np.array(counts)) == text


def test_a_whole_large_picture_is_one_run() -> None:
    instances = np.full((4096, 4096), 7, np.uint8)
    decoded = coco.decode({"size": [4096, 4096], "counts": run_lengths(instances)[7]})
    assert decoded.all()
