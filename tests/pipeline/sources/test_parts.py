"""pipeline/sources/parts.py: what hangs together, by a flood fill as the reference"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from pipeline.sources.parts import label_parts

SHAPES = st.tuples(st.integers(1, 12), st.integers(1, 12))
ALPHAS = SHAPES.flatmap(
    lambda shape: arrays(np.uint8, shape, elements=st.sampled_from([0, 0, 7, 8, 60, 255]))
)


def flood(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The labels by a flood fill from every pixel in turn, in plain loops."""
    height, width = alpha.shape
    parts, seen = [], set()
    for y in range(height):
        for x in range(width):
            if alpha[y, x] < 8 or (y, x) in seen:
                continue
            part, waiting = [], [(y, x)]
            seen.add((y, x))
            while waiting:
                at = waiting.pop()
                part.append(at)
                for dy in (-1, 0, 1):
                    for dx in (-1, 0, 1):
                        to = at[0] + dy, at[1] + dx
                        inside = 0 <= to[0] < height and 0 <= to[1] < width
                        if inside and alpha[to] >= 8 and to not in seen:
                            seen.add(to)
                            waiting.append(to)
            parts.append(part)
    sums = [sum(int(alpha[at]) for at in part) for part in parts]
    labels = np.zeros_like(alpha)
    number = 0
    for part, total in zip(parts, sums, strict=True):
        if total / sum(sums) > 0.05:
            number += 1
            for at in part:
                labels[at] = number
    return labels


@given(ALPHAS)
@settings(max_examples=300, deadline=None)
def test_parts_are_those_of_a_flood_fill(alpha: NDArray[np.uint8]) -> None:
    assert np.array_equal(label_parts(alpha), flood(alpha))


def test_parts_that_touch_at_a_corner_are_one() -> None:
    assert label_parts(np.eye(5, dtype=np.uint8) * 255).max() == 1
    assert label_parts(np.array([[9, 0, 9]], np.uint8)).tolist() == [[1, 0, 2]]


def test_faint_pixels_join_nothing() -> None:
    assert label_parts(np.array([[200, 7, 200]], np.uint8)).tolist() == [[1, 0, 2]]
    assert label_parts(np.array([[200, 8, 200]], np.uint8)).tolist() == [[1, 1, 1]]


def test_a_part_holds_over_a_twentieth_of_the_alpha() -> None:
    row = np.zeros((1, 64), np.uint8)
    row[0, :19], row[0, 30] = 100, 100  # one twentieth exactly
    assert set(label_parts(row)[0]) == {0, 1}
    row[0, 30] = 101
    assert label_parts(row)[0, 30] == 2


def test_parts_are_numbered_by_their_first_pixel_row_by_row() -> None:
    alpha = np.zeros((4, 9), np.uint8)
    alpha[1:, 0:2], alpha[0:2, 6:8], alpha[3, 4] = 255, 255, 255
    assert (label_parts(alpha)[0, 6], label_parts(alpha)[1, 0], label_parts(alpha)[3, 4]) == (
        1,
        2,
        3,
    )


def test_a_spiral_is_one_part() -> None:
    alpha = np.zeros((41, 41), np.uint8)
    top, left, bottom, right = 0, 0, 40, 40
    while top <= bottom and left <= right:
        alpha[top, left : right + 1] = alpha[top : bottom + 1, right] = 255
        alpha[bottom, left + 2 : right + 1] = alpha[top + 2 : bottom + 1, left + 2] = 255
        top, left, bottom, right = top + 2, left + 2, bottom - 2, right - 2
    assert np.array_equal(label_parts(alpha), flood(alpha))


@pytest.mark.parametrize("shape", [(0, 0), (3, 0), (1, 1)])
def test_a_picture_of_nothing_has_no_part(shape: tuple[int, int]) -> None:
    assert label_parts(np.zeros(shape, np.uint8)).max(initial=0) == 0
