"""The teacher's loss: DenseDepth's family on nearness, made indifferent to scale and shift.

DenseDepth (2018) sums L1, L1 of gradients and 1 - SSIM; MiDaS (Ranftl et al. 2020) fits scale
and shift of each picture first, because one picture does not tell them. A little plain L1 is
kept, so that predictions fill the declared range alike in every picture.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

_SCALES = 4


def align(predicted: Tensor, target: Tensor) -> Tensor:
    """`predicted` (B, h, w) with each map's least-squares scale and shift toward `target`."""
    p, t = predicted.flatten(1), target.flatten(1)  # (B, h * w)
    p_mean, t_mean = p.mean(1, keepdim=True), t.mean(1, keepdim=True)
    covariance = ((p - p_mean) * (t - t_mean)).mean(1, keepdim=True)
    scale = (covariance / (p.var(1, keepdim=True, unbiased=False) + 1e-4)).clamp(min=0.05)
    return ((p - p_mean) * scale + t_mean).view_as(predicted)


def gradient_loss(difference: Tensor) -> Tensor:
    """Mean absolute slope of a difference (B, h, w) over four scales, (B,)."""
    total = torch.zeros(difference.shape[0])
    for level in range(_SCALES):
        step = 2**level
        part = difference[:, ::step, ::step]
        across = (part[:, :, 1:] - part[:, :, :-1]).abs().mean((1, 2))
        down = (part[:, 1:] - part[:, :-1]).abs().mean((1, 2))
        total = total + across + down
    return total


def dissimilarity(predicted: Tensor, target: Tensor) -> Tensor:
    """(1 - SSIM) / 2 of maps (B, h, w) in [0, 1] over 7-pixel windows, (B,)."""
    p, t = predicted.unsqueeze(1), target.unsqueeze(1)  # (B, 1, h, w)
    stacked = torch.cat([p, t, p * p, t * t, p * t], dim=1)
    mean_p, mean_t, pp, tt, pt = F.avg_pool2d(stacked, 7, stride=2).unbind(1)
    squares = mean_p**2 + mean_t**2
    spread = pp + tt - squares
    likeness = (2 * mean_p * mean_t + 1e-4) * (2 * (pt - mean_p * mean_t) + 9e-4)
    return ((1 - likeness / ((squares + 1e-4) * (spread + 9e-4))) / 2).mean((1, 2))


def teacher_loss(predicted: Tensor, target: Tensor) -> Tensor:
    """The mean loss of nearness maps (B, h, w) in [0, 1]."""
    aligned = align(predicted, target)
    free = (aligned - target).abs().mean((1, 2)) + gradient_loss(aligned - target)
    plain = (predicted - target).abs().mean((1, 2))
    return (free + 0.4 * plain + 0.3 * dissimilarity(predicted, target)).mean()
