"""pipeline/labels/parts.py and pipeline/labels/polygons.py"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from polygon_pixels import fill_polygon
from scipy import ndimage

from pipeline.labels.parts import number_parts
from pipeline.labels.polygons import join_outlines, shape_of

PIXELS = arrays(
    np.bool_,
    array_shapes(min_dims=2, max_dims=2, max_side=24),
    elements=st.sampled_from([False, True]),
)
DIAGONAL = np.ones((3, 3))


def picture(*rows: str) -> np.ndarray:
    return np.array([[mark == "#" for mark in row] for row in rows])


@given(PIXELS, st.booleans())
def test_parts_are_those_of_scipy(pixels: np.ndarray, diagonal: bool) -> None:
    expected, _ = ndimage.label(pixels, DIAGONAL if diagonal else None)
    assert (number_parts(pixels, diagonal=diagonal) == expected).all()


@given(PIXELS)
def test_filled_outlines_are_the_pixels_with_their_holes_filled(pixels: np.ndarray) -> None:
    shape = shape_of(pixels)
    filled = ndimage.binary_fill_holes(pixels)
    assert len(shape.outlines) == ndimage.label(filled, DIAGONAL)[1]
    assert shape.hole_pixels == filled.sum() - pixels.sum()
    drawn = np.zeros_like(pixels)
    for outline in shape.outlines:
        drawn |= fill_polygon(outline, pixels.shape)
    assert (drawn == filled).all()


@given(PIXELS)
def test_a_part_without_holes_comes_back_from_its_polygon(pixels: np.ndarray) -> None:
    whole = ndimage.binary_fill_holes(pixels)
    labels, parts = ndimage.label(whole, DIAGONAL)
    for part in range(1, parts + 1):
        shape = shape_of(labels == part)
        assert len(shape.outlines) == 1
        assert shape.hole_pixels == 0
        assert (fill_polygon(shape.outlines[0], pixels.shape) == (labels == part)).all()


@given(PIXELS.filter(np.any))
def test_a_joined_polygon_has_all_parts_and_only_lines_between_them(pixels: np.ndarray) -> None:
    shape = shape_of(pixels)
    joined = join_outlines(shape.outlines)
    corners = {tuple(point) for outline in shape.outlines for point in outline.tolist()}
    assert {tuple(point) for point in joined.tolist()} == corners
    assert len(joined) == sum(map(len, shape.outlines)) + 2 * (len(shape.outlines) - 1)
    assert fill_polygon(joined, pixels.shape)[ndimage.binary_fill_holes(pixels)].all()


@pytest.mark.parametrize(
    ("pixels", "outlines", "holes"),
    [
        (picture("   "), [], 0),
        (picture("   ", " # "), [[[1, 1]]], 0),
        (picture("####"), [[[0, 0], [3, 0]]], 0),
        (picture("#  ", " # ", "  #"), [[[0, 0], [2, 2]]], 0),
        (picture("###", "###", "###"), [[[0, 0], [2, 0], [2, 2], [0, 2]]], 0),
        (picture("###", "# #", "###"), [[[0, 0], [2, 0], [2, 2], [0, 2]]], 1),
        (picture(" # ", "# #", " # "), [[[1, 0], [2, 1], [1, 2], [0, 1]]], 1),
        (
            picture("#####", "#   #", "# # #", "#   #", "#####"),
            [[[0, 0], [4, 0], [4, 4], [0, 4]]],
            8,
        ),
        (picture("#  ", "   ", " ##"), [[[1, 2], [2, 2]], [[0, 0]]], 0),
    ],
)
def test_outlines_go_clockwise_through_corners_only_largest_part_first(
    pixels: np.ndarray, outlines: list[list[list[int]]], holes: int
) -> None:
    shape = shape_of(pixels)
    assert [outline.tolist() for outline in shape.outlines] == outlines
    assert shape.hole_pixels == holes


def test_parts_are_joined_at_their_nearest_corners() -> None:
    shape = shape_of(picture("###  #", "###  #"))
    assert join_outlines(shape.outlines).tolist() == [
        [0, 0], [2, 0], [5, 0], [5, 1], [5, 0], [2, 0], [2, 1], [0, 1],
    ]  # fmt: skip


@given(PIXELS.filter(np.any))
def test_opencv_fills_an_outline_with_the_same_pixels(pixels: np.ndarray) -> None:
    cv2 = pytest.importorskip("cv2")
    drawn = np.zeros(pixels.shape, np.uint8)
    for outline in shape_of(pixels).outlines:
        filled = cv2.fillPoly(np.zeros(pixels.shape, np.uint8), [outline.astype(np.int32)], 1)
        drawn |= np.asarray(filled, np.uint8)
    assert (drawn == ndimage.binary_fill_holes(pixels)).all()
