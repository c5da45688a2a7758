"""Losses of masks and depth maps; each is a mean over the batch of one value an image."""

import torch
import torch.nn.functional as F
from torch import Tensor

_SSIM_WINDOW = 7


def bce_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy of mask logits (B, 1, H, W) against soft masks in [0, 1]."""
    return F.binary_cross_entropy_with_logits(logits, target)


def dice_loss(logits: Tensor, target: Tensor) -> Tensor:
    """1 - (2 sum pt + 1) / (sum p + sum t + 1), p the sigmoid of logits (B, 1, H, W)."""
    p, t = torch.sigmoid(logits).flatten(1), target.flatten(1)  # (B, H * W)
    overlap = 2 * (p * t).sum(1) + 1
    return (1 - overlap / (p.sum(1) + t.sum(1) + 1)).mean()


def l1_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """Mean absolute difference of maps (B, 1, H, W)."""
    return F.l1_loss(predicted, target)


def gradient_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """L1 of the differences between neighbours, across plus down (DenseDepth's edge term)."""
    difference = predicted - target
    across = (difference[..., :, 1:] - difference[..., :, :-1]).abs().mean()
    down = (difference[..., 1:, :] - difference[..., :-1, :]).abs().mean()
    return across + down


def ssim(predicted: Tensor, target: Tensor) -> Tensor:
    """Structural similarity of maps (B, 1, H, W) in [0, 1], mean over 7 x 7 uniform windows.

    Wang et al. 2004 with constants (0.01, 0.03)^2 and population moments; windows lie wholly
    inside, as in scikit-image with `use_sample_covariance=False`.
    """

    def window_mean(values: Tensor) -> Tensor:
        return F.avg_pool2d(values, _SSIM_WINDOW, stride=1)

    mean_p, mean_t = window_mean(predicted), window_mean(target)
    var_p = window_mean(predicted**2) - mean_p**2
    var_t = window_mean(target**2) - mean_t**2
    covariance = window_mean(predicted * target) - mean_p * mean_t
    c1, c2 = 0.01**2, 0.03**2
    likeness = (2 * mean_p * mean_t + c1) * (2 * covariance + c2)
    return (likeness / ((mean_p**2 + mean_t**2 + c1) * (var_p + var_t + c2))).mean()


def mask_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy plus Dice: the one for every pixel, the other for small objects."""
    return bce_loss(logits, target) + dice_loss(logits, target)


def depth_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """DenseDepth's sum: 0.1 L1 + gradient + (1 - SSIM) / 2, of maps (B, 1, H, W) in [0, 1]."""
    likeness = ssim(predicted, target)
    return 0.1 * l1_loss(predicted, target) + gradient_loss(predicted, target) + (1 - likeness) / 2
