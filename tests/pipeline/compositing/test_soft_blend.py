"""pipeline/compositing/soft_blend.py: alpha falls at an edge, for painting only"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.soft_blend import soften


def picture_of(alpha: NDArray[np.uint8]) -> Image.Image:
    colours = np.full((*alpha.shape, 3), (200, 40, 30), np.uint8)
    return Image.fromarray(np.dstack([colours, alpha]))


def softened(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(soften(picture_of(alpha)))[..., 3]


def test_a_sharp_edge_rises_over_two_pixels() -> None:
    """Beside a long straight edge the mean of means of 3 counts 6, 8 and 9 of 9 pixels."""
    alpha = np.full((40, 40), 255, np.uint8)
    assert softened(alpha)[20, :4].tolist() == [170, 227, 255, 255]


def test_the_reach_grows_with_the_object() -> None:
    """Two means of 5 count 15, 19, 22, 24 and 25 of 25."""
    rises = softened(np.full((240, 300), 255, np.uint8))[120, :5]
    assert rises.tolist() == [153, 194, 224, 245, 255]


@pytest.mark.parametrize("length", [480, 1200])
def test_no_edge_rises_over_more_than_six_pixels(length: int) -> None:
    """Two means of 7 count 28 to 49 of 49."""
    rises = softened(np.full((60, length), 255, np.uint8))[30, :7]
    assert rises.tolist() == [146, 177, 203, 224, 239, 250, 255]


def test_glass_is_seen_through_as_before() -> None:
    alpha = np.full((20, 20), 90, np.uint8)
    assert np.all(softened(alpha)[2:-2, 2:-2] == 90)


def test_a_twig_fades_and_is_not_lost() -> None:
    alpha = np.zeros((21, 21), np.uint8)
    alpha[:, 10] = 255
    column = softened(alpha)[5:-5, 10]
    assert np.all(column == 85)  # a third


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 40))
def test_alpha_only_falls_and_colours_stay(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), np.uint8)
    after = np.asarray(soften(Image.fromarray(pixels)))
    assert np.array_equal(after[..., :3], pixels[..., :3])
    assert np.all(after[..., 3] <= pixels[..., 3])


@pytest.mark.parametrize("axis", [0, 1])
def test_a_mirrored_object_has_the_mirrored_edge(axis: int) -> None:
    alpha = np.random.default_rng(3).integers(0, 256, (30, 50), np.uint8)
    mirrored = softened(np.ascontiguousarray(np.flip(alpha, axis)))
    assert np.array_equal(np.flip(mirrored, axis), softened(alpha))
