"""depthmask/losses/metrics.py"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from depthmask.losses.metrics import (
    depth_scores,
    depth_sums,
    image_dice,
    image_iou,
    mask_scores,
    mask_sums,
)


def maps(seed: int, count: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).random((count, 6, 7)).astype(np.float32)


@given(st.integers(0, 5), st.integers(0, 1000))
def test_sums_merge_to_those_of_the_whole(cut: int, seed: int) -> None:
    p, t = maps(seed), maps(seed + 1)
    whole = mask_sums(p, t).values
    merged = (mask_sums(p[:cut], t[:cut]) + mask_sums(p[cut:], t[cut:])).values
    assert merged == pytest.approx(whole)
    whole = depth_sums(p, t, 0.0, 10.0).values
    parts = depth_sums(p[:cut], t[:cut], 0.0, 10.0) + depth_sums(p[cut:], t[cut:], 0.0, 10.0)
    assert parts.values == pytest.approx(whole)


def test_iou_counts_images_not_pixels_and_two_empties_agree() -> None:
    p, t = np.zeros((3, 4, 4), np.float32), np.zeros((3, 4, 4), np.float32)
    p[1, :2], t[1, :] = 1, 1
    p[2, 0, 0] = 1
    assert image_iou(p, t).tolist() == [1.0, 0.5, 0.0]
    assert mask_scores(mask_sums(p, t))["iou"] == pytest.approx(0.5)


def test_dice_is_soft() -> None:
    p, t = np.full((1, 2, 2), 0.5, np.float32), np.ones((1, 2, 2), np.float32)
    assert image_dice(p, t)[0] == pytest.approx(4 / 6, abs=1e-6)


def test_dice_of_two_empty_masks_is_one_and_of_a_false_alarm_nothing() -> None:
    """Probabilities are never quite 0: 2 % everywhere is empty, one pixel of 60 % is not."""
    p, t = np.full((3, 64, 64), 0.02, np.float32), np.zeros((3, 64, 64), np.float32)
    p[1, 3, 3] = 0.6
    t[2, :8, :8] = 0.4  # faint, but there: it is missed
    found = image_dice(p, t)
    assert found[0] == 1
    assert found[1] < 1e-6
    assert found[2] == pytest.approx(2 * 0.02 * 0.4 * 64 / (0.02 * 4096 + 0.4 * 64), rel=1e-3)


@given(st.integers(0, 9), st.integers(1, 9))
def test_scores_of_batches_without_any_object_are_numbers(seed: int, count: int) -> None:
    nothing, predicted = np.zeros((count, 6, 7), np.float32), maps(seed, count)
    for found in (
        mask_scores(mask_sums(predicted, nothing)),
        depth_scores(depth_sums(predicted, nothing, 0.0, 10.0)),
        depth_scores(depth_sums(nothing, nothing, 0.0, 10.0)),
    ):
        assert all(np.isfinite(value) for value in found.values())
    perfect = {"iou": 1, "dice": 1, "mae": 0, "negatives": count, "left_empty": 1}
    assert mask_scores(mask_sums(nothing, nothing)) == perfect
    of_depth = depth_scores(depth_sums(nothing, nothing, 0.0, 10.0))
    assert (of_depth["iou50"], of_depth["dice"], of_depth["rmse"]) == (1, 1, 0)


def test_negatives_are_counted_apart_with_the_share_that_is_left_empty() -> None:
    p, t = np.zeros((4, 5, 5), np.float32), np.zeros((4, 5, 5), np.float32)
    t[0, 2:] = 1  # an object that is missed is no negative
    p[1, 0, 0] = 0.9
    p[2] = 0.4
    found = mask_scores(mask_sums(p[:1], t[:1]) + mask_sums(p[1:], t[1:]))
    assert (found["negatives"], found["left_empty"]) == (3, pytest.approx(2 / 3))
    assert "negatives" not in mask_scores(mask_sums(p[:1], t[:1]))


def test_perfect_depth_scores_perfectly() -> None:
    t = maps(3)
    scores = depth_scores(depth_sums(t, t, 0.5, 80.0))
    assert scores["rmse"] == scores["abs_rel"] == scores["log10"] == 0
    assert scores["delta1"] == scores["iou50"] == 1
    assert scores["std"] == pytest.approx(t.std(), abs=1e-6)


def test_depth_scores_follow_their_definitions() -> None:
    p, t = maps(4), maps(5)
    low, high = 0.5, 80.0
    a, b = low + (high - low) * p.astype(float), low + (high - low) * t.astype(float)
    scores = depth_scores(depth_sums(p, t, low, high))
    assert scores["rmse"] == pytest.approx(np.sqrt(((p - t) ** 2).mean()), rel=1e-5)
    assert scores["abs_rel"] == pytest.approx((abs(a - b) / b).mean())
    assert scores["delta1"] == pytest.approx((np.maximum(a / b, b / a) < 1.25).mean())
    assert scores["log10"] == pytest.approx(abs(np.log10(a) - np.log10(b)).mean())


def test_values_at_zero_do_not_become_infinite() -> None:
    zero = np.zeros((1, 3, 3), np.float32)
    scores = depth_scores(depth_sums(zero, zero + 1, 0.0, 1.0))
    assert all(np.isfinite(value) for value in scores.values())
