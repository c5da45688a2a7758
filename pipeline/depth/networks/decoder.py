"""DenseDepth's up-projection decoder over any encoder's list of feature maps.

Alhashim and Wonka, "High Quality Monocular Depth Estimation via Transfer Learning" (2018): a
1x1 convolution on the coarsest map, then up blocks, each joining the next finer map.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class UpBlock(nn.Module):
    """Bilinear resize to the skip's size, concatenation, twice conv3x3 and LeakyReLU(0.2).

    No batch normalisation, an activation after both convolutions (as the released weights have;
    a common port leaves the first one out). Without a skip (`skip_channels` 0), size doubles.
    `aligned` resizes corners to corners, as TensorFlow 1 could and the released weights expect.
    """

    def __init__(
        self, in_channels: int, skip_channels: int, out_channels: int, *, aligned: bool = False
    ) -> None:
        super().__init__()
        self.aligned = aligned
        self.first = nn.Conv2d(in_channels + skip_channels, out_channels, 3, padding=1)
        self.second = nn.Conv2d(out_channels, out_channels, 3, padding=1)

    def forward(self, coarse: Tensor, skip: Tensor | None = None) -> Tensor:
        """(B, in, h, w) and a skip (B, skip, H, W) -> (B, out, H, W)."""
        height, width = coarse.shape[-2:]
        size = (2 * height, 2 * width) if skip is None else skip.shape[-2:]
        x = F.interpolate(coarse, size=size, mode="bilinear", align_corners=self.aligned)
        if skip is not None:
            x = torch.cat([x, skip], dim=1)  # (B, in + skip, H, W)
        x = F.leaky_relu(self.first(x), 0.2)
        return F.leaky_relu(self.second(x), 0.2)


class Decoder(nn.Module):
    """Features, the finest first, -> one map (B, widths[-1], H / stride, W / stride).

    `widths[0]` is the width of the 1x1 convolution on the coarsest map; each further width is
    one up block (`aligned`: see there). The first blocks take the finer maps as skips; blocks
    beyond them double the size without a skip. `stride` is the output's stride relative to the
    encoder's input.
    """

    def __init__(
        self,
        channels: Sequence[int],
        strides: Sequence[int],
        widths: Sequence[int],
        *,
        aligned: bool = False,
    ) -> None:
        super().__init__()
        skips = list(reversed(channels[:-1]))
        blocks = len(widths) - 1
        skips = (skips + [0] * blocks)[:blocks]
        self.out_channels = widths[-1]
        finest = len(channels) - 1 - min(blocks, len(channels) - 1)
        doublings = max(0, blocks - (len(channels) - 1))
        self.stride = strides[finest] / 2**doublings
        self.bottom = nn.Conv2d(channels[-1], widths[0], 1)
        self.blocks = nn.ModuleList(
            UpBlock(wide, skip, narrow, aligned=aligned)
            for (wide, narrow), skip in zip(pairwise(widths), skips, strict=True)
        )

    def forward(self, features: Sequence[Tensor]) -> Tensor:
        """A list of (B, channels[i], h_i, w_i), the finest first -> (B, widths[-1], h, w)."""
        finer = list(reversed(features[:-1]))
        x: Tensor = self.bottom(features[-1])
        for position, block in enumerate(self.blocks):
            x = block(x, finer[position] if position < len(finer) else None)
        return x
