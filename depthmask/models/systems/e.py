"""System E: two independent U-Nets over six channels, the one for depth twice as wide."""

import torch
from torch import Tensor, nn

from depthmask.models.layers import OutputConv2d
from depthmask.models.network_spec import Output
from depthmask.models.systems.parts import conv_bn_relu


def _double(wide: int, middle: int, narrow: int) -> nn.Sequential:
    return nn.Sequential(
        *conv_bn_relu(wide, middle, bias=True), *conv_bn_relu(middle, narrow, bias=True)
    )


class UNet(nn.Module):
    """(B, 6, H, W) -> (B, 1, H, W), sides multiples of 16; `width` is that of the first level.

    Ronneberger et al. 2015 with batch norm and bilinear growth.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        w = width
        self.first = _double(6, w, w)
        self.down = nn.ModuleList(
            nn.Sequential(nn.MaxPool2d(2), _double(wide, narrow, narrow))
            for wide, narrow in ((w, 2 * w), (2 * w, 4 * w), (4 * w, 8 * w), (8 * w, 8 * w))
        )
        self.grow = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True)
        self.up = nn.ModuleList(
            _double(*widths)
            for widths in (
                (16 * w, 8 * w, 4 * w),
                (8 * w, 4 * w, 2 * w),
                (4 * w, 2 * w, w),
                (2 * w, w, w),
            )
        )
        self.final = OutputConv2d(w, 1, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        levels = [self.first(pictures)]
        for block in self.down:
            levels.append(block(levels[-1]))
        x = levels.pop()
        for block in self.up:
            x = block(torch.cat([levels.pop(), self.grow(x)], dim=1))
        final: Tensor = self.final(x)
        return final


class E(nn.Module):
    """Composite and background -> mask and depth, each by a U-Net of its own.

    Both maps are read through a sigmoid.
    """

    def __init__(self) -> None:
        super().__init__()
        self.mask, self.depth = UNet(16), UNet(32)

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Mask logits and depth (B, 1, H, W) of normalised pictures (B, 3, H, W)."""
        pictures = torch.cat([image, background], dim=1)  # (B, 6, H, W)
        return Output(mask=self.mask(pictures), depth=torch.sigmoid(self.depth(pictures)))
