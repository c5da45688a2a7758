"""What a composite and its clean background alone say about opacity: five cues of matting.

A pixel is I = a F + (1 - a) B. With I and B at hand, a is known up to the colour F. These are the
answers for four guesses at F; at the border of solid foregrounds, in dark ones, in ones of few
colours and in shadows, one of them is nearly the alpha, at full resolution, which no encoder keeps.
The fifth asks how much of the background's pattern can still be seen: none through solid things.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from depthmask.models.layers import window_means, window_minima

CUES = 5
RESIDUALS = 2
_NEAR = 9
_WITHIN = 5
_NOISE = 0.02
"""What JPEG may change: a lesser difference says little."""

_FLOOR, _PATTERN = 1e-3, 3e-4
"""The same for squares: those of a change, and the variance of a pattern."""

_CERTAIN = 1e-4
"""How near to 0 and 1 a mask comes: its logits stay finite."""


def find_opacity_cues(image: Tensor, background: Tensor) -> tuple[Tensor, Tensor]:
    """Five alphas (B, 5, H, W) and two residuals (B, 2, H, W) in [0, 1] of pictures (B, 3, H, W).

    The pictures are in [0, 1]. The least alpha that any colour explains; that of the colour of
    the most changed pixels of the whole picture; of the neighbourhood (9 x 9); and of the pixels
    around (5 x 5) all of whose neighbours have changed, too: the inside of what a border belongs
    to. Last `hidden_pattern`.
    The residuals: the share of each pixel's change that one colour for the whole picture does not
    explain, and its mean over what has changed: nearly 0 for silhouettes and line drawings.
    """
    least = least_opacity(image, background)
    strong = _weigh(image, least**4)
    seen = (10 * (image - background).abs()).amax(1, keepdim=True).clamp(max=1)
    inner = window_minima(seen, 3)
    colours = (
        strong.mean((2, 3), keepdim=True),
        _near(strong),
        window_means(_weigh(image, inner**2 + 0.02 * least**2), _WITHIN),
    )
    guesses = [sums[:, :3] / sums[:, 3:] for sums in colours]
    alphas = [opacity_of_colour(image, background, colour) for colour in guesses]
    left = _unexplained(image, background, guesses[0], alphas[0])
    mean = (seen * left).mean((2, 3), keepdim=True) / (seen.mean((2, 3), keepdim=True) + 1e-6)
    cues = torch.cat([least, *alphas, hidden_pattern(image, background)], dim=1)
    return cues, torch.cat([left, mean.expand_as(left)], dim=1)


def weigh_cues(cue_logits: Tensor, cues: Tensor) -> Tensor:
    """Logits (B, 1, H, W) of an alpha: background, foreground and cues, weighed at each pixel.

    `cue_logits` (B, 2 + CUES, H, W) are the weights before softmax. The network says which cue
    holds where, which is smooth; the cue brings the detail.
    """
    weights = torch.softmax(cue_logits, dim=1)
    alpha = weights[:, 1:2] + (weights[:, 2:] * cues).sum(1, keepdim=True)
    return torch.logit(alpha, eps=_CERTAIN)


def _unexplained(image: Tensor, background: Tensor, colour: Tensor, alpha: Tensor) -> Tensor:
    """The share (B, 1, H, W) of the squared change that a colour at an alpha leaves over."""
    change = image - background
    left = change - alpha * (colour - background)
    share = left.square().sum(1, keepdim=True) / (change.square().sum(1, keepdim=True) + _FLOOR)
    return share.clamp(max=1)


def _weigh(image: Tensor, weight: Tensor) -> Tensor:
    """Weighted colours and the weights (B, 4, H, W), whose means give a weighted colour."""
    weight = weight + 1e-6
    return torch.cat([weight * image, weight], dim=1).contiguous()


def least_opacity(image: Tensor, background: Tensor) -> Tensor:
    """The least alpha (B, 1, H, W) for which a colour within [0, 1] explains each pixel.

    Exact where the foreground is black or saturated, up to noise.
    """
    darker = (background - image) / (background + _NOISE)
    lighter = (image - background) / (1 - background + _NOISE)
    return torch.maximum(darker, lighter).amax(1, keepdim=True).clamp(0, 1)


def opacity_of_colour(image: Tensor, background: Tensor, colour: Tensor) -> Tensor:
    """The alpha (B, 1, H, W) in [0, 1] of a foreground of this colour (B, 3, H or 1, W or 1).

    The point of the line from background to colour that is closest to the pixel.
    """
    reach = colour - background
    along = ((image - background) * reach).sum(1, keepdim=True)
    return (along / (reach.square().sum(1, keepdim=True) + _FLOOR)).clamp(0, 1)


def hidden_pattern(image: Tensor, background: Tensor) -> Tensor:
    """The share (B, 1, H, W) of the background's pattern that the composite does not show.

    1 - cov(I, B) / var(B) over 5 x 5 pixels and the channels: alpha under one grey, however dark,
    as in shadows; about 1 in solid things and where the background has no pattern.
    """
    products = (background, image, background * image, background * background)
    of_channels = torch.cat([maps.mean(1, keepdim=True) for maps in products], dim=1)
    back, front, product, square = window_means(of_channels, _WITHIN).unbind(1)  # (B, H, W) each
    shown = (product - back * front) / (square - back * back + _PATTERN)
    return (1 - shown).clamp(0, 1)[:, None]


def _near(maps: Tensor) -> Tensor:
    """Means over 9 x 9 pixels, taken at every fourth pixel and joined smoothly."""
    means = F.avg_pool2d(maps, _NEAR, stride=4, padding=_NEAR // 2, count_include_pad=False)
    return F.interpolate(means, size=maps.shape[-2:], mode="bilinear", align_corners=False)
