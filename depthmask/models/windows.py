"""Sums, means and minima over sliding windows, put together from shifted maps.

A window is summed down, then across: a few additions of whole maps, which a processor does at the
speed of its memory. torch's pooling on processors takes 7 times as long and more
(`tests/benchmarks/decisions.py`); it was a sixth of a training's step.
"""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def sum_windows(maps: Tensor, side: int) -> Tensor:
    """Sums over all side x side windows inside (..., H, W): (..., H - side + 1, W - side + 1)."""
    return _slide(maps, side, torch.add)


def window_means(maps: Tensor, side: int) -> Tensor:
    """Means around each pixel over side x side (odd) pixels, over fewer at the border.

    (B, C, H, W) -> (B, C, H, W).
    """
    half = side // 2
    counts = [
        _slide_along(F.pad(torch.ones_like(line), (half, half)), side, -1, torch.add)
        for line in (maps[0, 0, :, 0], maps[0, 0, 0])
    ]
    sums = sum_windows(F.pad(maps, (half, half, half, half)), side)
    return sums / (counts[0][:, None] * counts[1])


def window_minima(maps: Tensor, side: int) -> Tensor:
    """The least value around each pixel within side x side (odd) pixels, (B, C, H, W)."""
    half = side // 2
    inside = F.pad(maps, (half, half, half, half), value=float("inf"))
    return _slide(inside, side, torch.minimum)


def _slide(maps: Tensor, side: int, join: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    return _slide_along(_slide_along(maps, side, -2, join), side, -1, join)


def _slide_along(
    maps: Tensor, side: int, along: int, join: Callable[[Tensor, Tensor], Tensor]
) -> Tensor:
    length = maps.shape[along] - side + 1
    return functools.reduce(join, (maps.narrow(along, first, length) for first in range(side)))
