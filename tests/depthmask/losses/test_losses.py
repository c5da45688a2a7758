"""depthmask/losses/losses.py and depthmask/teaching/teacher_loss.py

Independent computations: torch.nn for bce, smooth-l1, mse, l1 and cosine, torchmetrics for ssim and
the gradients, numpy for dice, log-l1, normals and the least squares of scale and shift.
"""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torchmetrics.functional.image import image_gradients, structural_similarity_index_measure

from depthmask.losses.loss_terms import LOSSES
from depthmask.losses.losses import (
    FUNCTIONS,
    dice_loss,
    dice_squared_loss,
    gradient_loss,
    normals_loss,
    scale_and_shift_invariant_loss,
    ssim_loss,
    weighted_losses,
)
from depthmask.teaching.teacher_loss import align, teacher_loss


def maps(seed: int, shape: tuple[int, ...] = (2, 1, 12, 14)) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def torchmetrics_ssim(p: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """SSIM of one pair, over the windows that lie wholly inside."""
    _, whole = structural_similarity_index_measure(
        p, t, gaussian_kernel=False, kernel_size=7, data_range=1.0, return_full_image=True
    )
    return whole[..., 3:-3, 3:-3].mean()


def torchmetrics_gradient(p: torch.Tensor, t: torch.Tensor) -> float:
    """L1 of the differences between neighbours; torchmetrics fills the last row and column."""
    (down_p, across_p), (down_t, across_t) = image_gradients(p), image_gradients(t)
    across = (across_p - across_t)[..., :, :-1].abs().mean()
    return float(across + (down_p - down_t)[..., :-1, :].abs().mean())


def numpy_dice(p: np.ndarray, t: np.ndarray) -> float:
    return float(1 - (2 * np.vdot(p, t) + 1) / (p.sum() + t.sum() + 1))


def numpy_invariant(p: np.ndarray, t: np.ndarray) -> float:
    """Half the mean residual of numpy's own least squares."""
    columns = np.stack([p.ravel(), np.ones(p.size)], axis=1)
    _, squares, _, _ = np.linalg.lstsq(columns, t.ravel())
    return float(squares[0] / p.size / 2)


def numpy_normals(p: np.ndarray, t: np.ndarray) -> float:
    """Cross products of the surfaces' tangents, pixel by pixel."""

    def normals(relief: np.ndarray) -> np.ndarray:
        height, width = relief.shape
        found = np.zeros((height - 1, width - 1, 3))
        for y in range(height - 1):
            for x in range(width - 1):
                right = [1 / width, 0, relief[y, x + 1] - relief[y, x]]
                below = [0, 1 / width, relief[y + 1, x] - relief[y, x]]
                normal = np.cross(right, below)
                found[y, x] = normal / np.linalg.norm(normal)
        return found

    return float(1 - (normals(p[0, 0]) * normals(t[0, 0])).sum(-1).mean())


def numpy_log_l1(p: np.ndarray, t: np.ndarray) -> float:
    """Hu et al.'s term, moved so that equal maps give 0."""
    return float(np.log(np.abs(p - t) + 0.5).mean() - np.log(0.5))


def numpy_dice_squared(p: np.ndarray, t: np.ndarray) -> float:
    return float(1 - (2 * np.vdot(p, t) + 1) / (np.vdot(p, p) + np.vdot(t, t) + 1))


OTHERS = {
    "bce": nn.BCEWithLogitsLoss(),
    "dice": lambda p, t: numpy_dice(p.numpy(), t.numpy()),
    "dice-squared": lambda p, t: numpy_dice_squared(p.numpy(), t.numpy()),
    "l1": nn.L1Loss(),
    "smooth-l1": nn.SmoothL1Loss(),
    "mse": nn.MSELoss(),
    "ssim": lambda p, t: 1 - torchmetrics_ssim(p, t),
    "gradient": torchmetrics_gradient,
    "cosine": lambda p, t: 1 - nn.CosineSimilarity(dim=0)(p.ravel(), t.ravel()),
    "log-l1": lambda p, t: numpy_log_l1(p.double().numpy(), t.double().numpy()),
    "scale-and-shift-invariant": lambda p, t: numpy_invariant(
        p.double().numpy(), t.double().numpy()
    ),
    "normals": lambda p, t: numpy_normals(p.double().numpy(), t.double().numpy()),
}


def test_every_name_has_a_function_and_is_checked_here() -> None:
    assert FUNCTIONS.keys() == LOSSES.keys() == OTHERS.keys()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("seed", range(3))
def test_losses_are_what_others_compute(name: str, seed: int) -> None:
    predicted, target = maps(seed), maps(seed + 100)
    predicted = predicted * 8 - 4 if LOSSES[name].logits else 0.3 * predicted + 0.7 * target
    each = FUNCTIONS[name](predicted, target)
    assert each.shape == (2,)
    for row in range(2):
        one = slice(row, row + 1)
        expected = float(OTHERS[name](predicted[one], target[one]))
        assert float(each[row]) == pytest.approx(expected, rel=1e-4, abs=2e-6)


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_costs_the_mean_of_its_images(name: str) -> None:
    """Of images with a lot, little and nothing in them: a mean over pixels would differ."""
    target = torch.zeros(3, 1, 16, 16)
    target[0, :, :11], target[1, :, 3:5, 4:6] = maps(1, (1, 11, 16)), 1
    predicted = maps(2, (3, 1, 16, 16))
    each = [FUNCTIONS[name](predicted[i : i + 1], target[i : i + 1]) for i in range(3)]
    assert torch.allclose(FUNCTIONS[name](predicted, target), torch.cat(each), atol=1e-6)


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"bce"}))
def test_losses_are_least_at_the_truth(name: str) -> None:
    target = (maps(3) > 0.5).float() if name == "dice" else maps(3)
    values = target.clone().requires_grad_()
    at_truth = FUNCTIONS[name](values, target)
    assert torch.allclose(at_truth, torch.zeros(2), atol=1e-5)
    assert (FUNCTIONS[name](maps(4), target) > at_truth + 1e-3).all()


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("level", [0.0, 1.0])
def test_flat_maps_give_finite_losses_and_slopes(name: str, level: float) -> None:
    """A mask of nothing, and a network that answers one value everywhere."""
    predicted = torch.full((2, 1, 12, 12), level, requires_grad=True)
    loss = FUNCTIONS[name](predicted, torch.zeros(2, 1, 12, 12))
    loss.sum().backward()
    assert loss.isfinite().all()
    assert predicted.grad is not None
    assert predicted.grad.isfinite().all()


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("level", [0.0, 1e-4, 0.02, 0.5, 1.0])
@pytest.mark.parametrize("name", LOSSES)
def test_batches_without_any_object_give_finite_losses_and_slopes(
    name: str, level: float, kind: torch.dtype
) -> None:
    """Also in the 16 bits of a half-precision network, where 96 x 1024 ones are infinite."""
    drawn = torch.full((2, 1, 96, 1024), level) * torch.linspace(0.9, 1, 1024)
    values, logits = drawn.to(kind), torch.logit(drawn, eps=1e-4).to(kind)
    seen = (logits if LOSSES[name].logits else values).detach_()
    seen.requires_grad_()
    nothing = torch.zeros(2, 1, 96, 1024)
    loss = weighted_losses({name: 1.0}, nothing, values=values, logits=logits)
    loss.sum().backward()
    assert loss.dtype == torch.float32
    assert loss.isfinite().all()
    assert seen.grad is not None
    assert seen.grad.isfinite().all()


@pytest.mark.parametrize("name", sorted(LOSSES.keys() - {"cosine", "scale-and-shift-invariant"}))
def test_an_empty_mask_costs_less_the_less_is_predicted(name: str) -> None:
    """But for a cosine, which no direction leads to, and what any shift leaves as it is."""
    spot = torch.zeros(1, 1, 16, 16)
    spot[..., 4:9, 4:9] = 1.0
    nothing = torch.zeros_like(spot)
    costs = [
        float(
            weighted_losses(
                {name: 1.0}, nothing, values=strength * spot, logits=12 * strength * spot - 6
            )
        )
        for strength in (0.05, 0.3, 0.9)
    ]
    assert costs == sorted(costs)
    assert costs[0] < costs[1] < costs[2]


def test_squared_dice_leaves_soft_masks_soft_where_dice_draws_them_to_the_ends() -> None:
    target = torch.full((1, 1, 8, 8), 0.3)
    target[..., :4] = 1.0

    def best(loss: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]) -> float:
        levels = torch.linspace(0, 1, 101)
        values = []
        for level in levels:
            predicted = target.clone()
            predicted[..., 4:] = level
            values.append(float(loss(predicted, target)))
        return float(levels[int(np.argmin(values))])

    assert best(dice_squared_loss) == pytest.approx(0.3, abs=0.011)
    assert best(dice_loss) in (0.0, 1.0)


def test_the_defaults_are_densedepths_sum_and_cross_entropy_with_squared_dice() -> None:
    p, t = maps(5), maps(6)
    found = weighted_losses({"l1": 0.1, "gradient": 1, "ssim": 0.5}, t, values=p)
    expected = 0.1 * nn.L1Loss()(p, t) + gradient_loss(p, t).mean() + ssim_loss(p, t).mean() / 2
    assert float(found.mean()) == pytest.approx(float(expected))
    logits = 4 * p - 2
    found = weighted_losses(
        {"bce": 1, "dice-squared": 1}, t, values=torch.sigmoid(logits), logits=logits
    )
    expected = (
        nn.BCEWithLogitsLoss()(logits, t) + dice_squared_loss(torch.sigmoid(logits), t).mean()
    )
    assert float(found.mean()) == pytest.approx(float(expected))


def test_gradients_and_normals_see_edges_and_no_offset() -> None:
    p = maps(4)
    for loss in (gradient_loss, normals_loss):
        assert torch.allclose(loss(p + 0.3, p), torch.zeros(2), atol=1e-5)
    step = torch.zeros(1, 1, 4, 4)
    step[..., 2:] = 1
    assert float(gradient_loss(step, torch.zeros_like(step))) == pytest.approx(1 / 3)


@given(st.floats(0.2, 3), st.floats(-0.5, 0.5))
def test_scale_and_shift_cost_nothing(scale: float, shift: float) -> None:
    target = maps(7)
    found = scale_and_shift_invariant_loss(target * scale + shift, target)
    assert torch.allclose(found, torch.zeros(2), atol=1e-5)


@given(st.floats(0.2, 3), st.floats(-0.5, 0.5))
def test_aligning_undoes_scale_and_shift(scale: float, shift: float) -> None:
    target = maps(7, (2, 10, 10))
    found = align(target * scale + shift, target)
    assert torch.allclose(found, target, atol=0.02)


def test_the_teachers_loss_is_least_at_the_truth() -> None:
    target = maps(8, (2, 32, 32))
    assert float(teacher_loss(target, target)) < 0.01
    assert float(teacher_loss(1 - target, target)) > 0.5
