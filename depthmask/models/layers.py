"""What networks and losses are made of that torch lacks, or does slowly or wrongly.

Windows: sums, means and minima over sliding windows, put together from shifted maps. A window is
summed down, then across: a few additions of whole maps, which a processor does at the speed of its
memory. torch's pooling on processors takes 7 times as long and more
(`tests/benchmarks/decisions.py`); it was a sixth of a training step.

Padding to a network's stride. Convolutions that compute in float32 whatever the network around
them computes in.
"""

import functools
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


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


def pad_to_multiple(picture: Tensor, multiple: int) -> Tensor:
    """(B, C, H, W) with its last row and column repeated until `multiple` divides both sides.

    There is no branch for sides that fit already: an exported network is the same at every size.
    """
    height, width = picture.shape[-2:]
    down = (height + multiple - 1) // multiple * multiple - height
    across = (width + multiple - 1) // multiple * multiple - width
    return F.pad(picture, (0, across, 0, down), mode="replicate")


def crop(maps: Tensor, height: int, width: int) -> Tensor:
    """(B, C, H, W) -> (B, C, height, width): the first rows and columns."""
    if torch.compiler.is_exporting():
        # A slice would ask for a proof that it is not longer than the maps, at every size.
        rows = torch.arange(height, device=maps.device)
        columns = torch.arange(width, device=maps.device)
        return maps.index_select(-2, rows).index_select(-1, columns)
    return maps[..., :height, :width]


class OutputConv2d(nn.Conv2d):
    """A network's last convolution: it gives float32, and so does what follows it.

    A value of 8 bits (bfloat16) has at most 256 levels from 1/2 to 1, and a depth map its steps.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> float32 (B, out, h, w)."""
        kind = maps.device.type
        if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
            return super().forward(maps)
        with torch.autocast(kind, enabled=False):
            return super().forward(maps.float())


class CueConv2d(OutputConv2d):
    """A last convolution to many maps that are weights of cues: exact in use, rounded in training.

    The weights are smooth and the cues bring the detail; in float32 this one layer would make steps
    with a frozen encoder a tenth longer.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> float32 (B, out, h, w)."""
        return nn.Conv2d.forward(self, maps).float() if self.training else super().forward(maps)


class _Float32Conv2d(nn.Conv2d):
    """A convolution that computes in float32 on processors, whatever the others compute in."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, h, w)."""
        if maps.device.type != "cpu":
            return super().forward(maps)
        with torch.autocast("cpu", enabled=False):
            return super().forward(maps.float())


def correct_bfloat16_gradients(network: nn.Module) -> None:
    """Let the grouped convolutions with a dilation compute in float32 on processors, in place.

    Channels last, oneDNN reads memory that it has not written for their weights' gradients in
    bfloat16: what comes back is noise, at times infinite. Neither weights nor their names change.
    """
    for layer in network.modules():
        if type(layer) is nn.Conv2d and layer.groups > 1 and max(layer.dilation) > 1:
            layer.__class__ = _Float32Conv2d
