"""depthmask/losses.py and depthmask/teacher_loss.py"""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

from depthmask.losses import bce_loss, depth_loss, dice_loss, gradient_loss, l1_loss, ssim
from depthmask.teacher_loss import align, teacher_loss


def maps(seed: int, shape: tuple[int, ...] = (2, 1, 12, 14)) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def ssim_by_definition(p: np.ndarray, t: np.ndarray) -> float:
    """Window by window, from the paper's formula."""
    values = []
    for a, b in zip(
        sliding_window_view(p, (7, 7)).reshape(-1, 49),
        sliding_window_view(t, (7, 7)).reshape(-1, 49),
        strict=True,
    ):
        covariance = ((a - a.mean()) * (b - b.mean())).mean()
        top = (2 * a.mean() * b.mean() + 1e-4) * (2 * covariance + 9e-4)
        below = (a.mean() ** 2 + b.mean() ** 2 + 1e-4) * (a.var() + b.var() + 9e-4)
        values.append(top / below)
    return float(np.mean(values))


def test_ssim_is_the_formula_of_the_paper() -> None:
    p, t = maps(1, (1, 1, 12, 14)), maps(2, (1, 1, 12, 14))
    expected = ssim_by_definition(p[0, 0].double().numpy(), t[0, 0].double().numpy())
    assert float(ssim(p, t)) == pytest.approx(expected, abs=1e-4)
    assert float(ssim(p, p)) == pytest.approx(1, abs=1e-5)


def test_bce_is_its_closed_form() -> None:
    logits, target = torch.tensor([[[[0.0, 2.0]]]]), torch.tensor([[[[0.25, 1.0]]]])
    expected = (math.log(2) + math.log(1 + math.exp(-2))) / 2
    assert float(bce_loss(logits, target)) == pytest.approx(expected)


def test_dice_of_halves_is_its_closed_form() -> None:
    target = torch.zeros(1, 1, 4, 4)
    target[..., :2] = 1
    assert float(dice_loss(torch.zeros(1, 1, 4, 4), target)) == pytest.approx(1 - 9 / 17)
    sure = (target * 2 - 1) * 50
    assert float(dice_loss(sure, target)) == pytest.approx(0, abs=1e-6)


def test_dice_is_a_mean_of_images_not_of_pixels() -> None:
    target = torch.zeros(2, 1, 8, 8)
    target[0, :, :4], target[1, :, :1, :1] = 1, 1
    logits = maps(3, (2, 1, 8, 8)) * 4 - 2
    each = [float(dice_loss(logits[i : i + 1], target[i : i + 1])) for i in range(2)]
    assert float(dice_loss(logits, target)) == pytest.approx(sum(each) / 2, abs=1e-6)


def test_gradient_loss_sees_edges_and_no_offset() -> None:
    p = maps(4)
    assert float(gradient_loss(p + 0.3, p)) == pytest.approx(0, abs=1e-6)
    step = torch.zeros(1, 1, 4, 4)
    step[..., 2:] = 1
    assert float(gradient_loss(step, torch.zeros_like(step))) == pytest.approx(1 / 3)


def test_depth_loss_is_densedepths_sum() -> None:
    p, t = maps(5), maps(6)
    parts = 0.1 * l1_loss(p, t) + gradient_loss(p, t) + (1 - ssim(p, t)) / 2
    assert float(depth_loss(p, t)) == pytest.approx(float(parts))
    assert float(depth_loss(t, t)) == pytest.approx(0, abs=1e-5)


@given(st.floats(0.2, 3), st.floats(-0.5, 0.5))
def test_aligning_undoes_scale_and_shift(scale: float, shift: float) -> None:
    target = maps(7, (2, 10, 10))
    found = align(target * scale + shift, target)
    assert torch.allclose(found, target, atol=0.02)


def test_the_teachers_loss_is_least_at_the_truth() -> None:
    target = maps(8, (2, 32, 32))
    assert float(teacher_loss(target, target)) < 0.01
    assert float(teacher_loss(1 - target, target)) > 0.5
