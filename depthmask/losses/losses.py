"""Losses of masks and depth maps: each gives one value an image.

All take (B, C, H, W) twice and give (B,). Predictions are values in [0, 1], only `bce_loss` takes
logits; targets are in [0, 1]. What a batch costs is the mean of its images, so it does not depend
on how images are put together in batches, parts of steps, or ranks.
"""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from depthmask.losses.loss_terms import LOSSES
from depthmask.models.layers import sum_windows

_SSIM_WINDOW = 7
_LEAST_VARIANCE = 1e-6

Loss = Callable[[Tensor, Tensor], Tensor]


def _image_means(values: Tensor) -> Tensor:
    return values.flatten(1).mean(1)  # (B, ...) -> (B,)


def bce_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy of logits against soft masks."""
    return _image_means(F.binary_cross_entropy_with_logits(logits, target, reduction="none"))


def dice_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - (2 sum pt + 1) / (sum p + sum t + 1)."""
    p, t = predicted.flatten(1), target.flatten(1)  # (B, C * H * W)
    return 1 - (2 * (p * t).sum(1) + 1) / (p.sum(1) + t.sum(1) + 1)


def dice_squared_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - (2 sum pt + 1) / (sum p^2 + sum t^2 + 1): least where p = t, also for soft masks.

    Milletari et al. 2016 (V-Net). Dice without squares draws soft parts to 0 or 1.
    """
    p, t = predicted.flatten(1), target.flatten(1)  # (B, C * H * W)
    return 1 - (2 * (p * t).sum(1) + 1) / (p.square().sum(1) + t.square().sum(1) + 1)


def l1_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference."""
    return _image_means((predicted - target).abs())


def smooth_l1_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Huber's loss with its corner at 1: on values in [0, 1] half the mean square."""
    return _image_means(F.smooth_l1_loss(predicted, target, reduction="none"))


def mse_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean square of the difference."""
    return _image_means((predicted - target).square())


def log_l1_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean of log(1 + 2 |p - t|): that of Hu et al. 2019, log(|p - t| + 1/2), from 0 up."""
    return _image_means(torch.log1p(2 * (predicted - target).abs()))


def gradient_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """L1 of the differences between neighbours, across plus down (DenseDepth's edge term)."""
    across, down = _slopes(predicted - target)
    return _image_means(across.abs()) + _image_means(down.abs())


def cosine_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - the cosine of the angle between the two maps, each taken as one long vector.

    It is 1 whatever is predicted where the target is 0 everywhere: an empty mask teaches nothing.
    """
    return 1 - F.cosine_similarity(predicted.flatten(1), target.flatten(1), dim=1)


def normals_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - the mean cosine between the surfaces' normals (Hu et al. 2019).

    A map is taken as a relief of height 0 to 1 over a picture of width 1.
    """

    def normals(maps: Tensor) -> Tensor:
        across, down = _slopes(maps * maps.shape[-1])
        across, down = across[..., :-1, :], down[..., :-1]  # both (B, C, H - 1, W - 1)
        return torch.stack([-across, -down, torch.ones_like(down)], dim=-1)

    return 1 - _image_means(F.cosine_similarity(normals(predicted), normals(target), dim=-1))


def scale_and_shift_invariant_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Half the mean square that the least-squares scale and shift of each image leave (MiDaS).

    Ranftl et al. 2020, "ssimse". Any scale will do, a negative one too: add a term that knows
    near from far.
    """
    p, t = predicted.flatten(1), target.flatten(1)  # (B, C * H * W)
    p, t = p - p.mean(1, keepdim=True), t - t.mean(1, keepdim=True)
    variance = p.square().mean(1, keepdim=True)
    scale = (p * t).mean(1, keepdim=True) / (variance + _LEAST_VARIANCE)
    return (scale * p - t).square().mean(1) / 2


def ssim_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """1 - structural similarity."""
    return 1 - ssim(predicted, target)


def ssim(predicted: Tensor, target: Tensor) -> Tensor:
    """Structural similarity, mean over 7 x 7 uniform windows.

    Wang et al. 2004 with constants (0.01, 0.03)^2 and population moments; windows lie wholly
    inside, as in scikit-image with `use_sample_covariance=False`.
    """

    def window_mean(values: Tensor) -> Tensor:
        return sum_windows(values, _SSIM_WINDOW) / _SSIM_WINDOW**2

    mean_p, mean_t = window_mean(predicted), window_mean(target)
    var_p = window_mean(predicted**2) - mean_p**2
    var_t = window_mean(target**2) - mean_t**2
    covariance = window_mean(predicted * target) - mean_p * mean_t
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mean_p * mean_t + c1) * (2 * covariance + c2)
    return _image_means(likeness / ((mean_p**2 + mean_t**2 + c1) * (var_p + var_t + c2)))


def _slopes(maps: Tensor) -> tuple[Tensor, Tensor]:
    """Differences between neighbours across (..., H, W - 1) and down (..., H - 1, W)."""
    return maps.diff(dim=-1), maps.diff(dim=-2)


FUNCTIONS: dict[str, Loss] = {
    "bce": bce_loss,
    "dice": dice_loss,
    "dice-squared": dice_squared_loss,
    "l1": l1_loss,
    "smooth-l1": smooth_l1_loss,
    "mse": mse_loss,
    "ssim": ssim_loss,
    "gradient": gradient_loss,
    "cosine": cosine_loss,
    "log-l1": log_l1_loss,
    "scale-and-shift-invariant": scale_and_shift_invariant_loss,
    "normals": normals_loss,
}
"""The function of every name in `depthmask.losses.loss_terms.LOSSES`."""


def weighted_losses(
    weights: Mapping[str, float], target: Tensor, *, values: Tensor, logits: Tensor | None = None
) -> Tensor:
    """The weighted sum of losses by name, (B,), of maps (B, C, H, W) in [0, 1] and their logits.

    `logits` may be None where no loss of `weights` takes them. Maps of 16 bits are taken in
    float32: in theirs, sums over a picture overflow and small variances come out negative.
    """
    total = values.new_zeros(len(values), dtype=torch.float32)
    for name, weight in weights.items():
        predicted = logits if LOSSES[name].logits else values
        if predicted is None:
            raise TypeError(f"{name} takes logits")
        total = total + weight * FUNCTIONS[name](predicted.float(), target.float())
    return total
