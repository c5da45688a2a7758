"""System A: two networks at full resolution, one for depth, one for masks.

Both give three channels, which are trained here as their mean (`one_map`).
"""

import torch
from torch import Tensor, nn

from depthmask.models.layers import OutputConv2d
from depthmask.models.network_spec import Output
from depthmask.models.systems.parts import clamp_unit, conv_bn_relu, one_map, separable


def _double(wide: int, narrow: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(wide, narrow, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(narrow, narrow, 3, padding=1),
        nn.ReLU(inplace=True),
    )


def _up(wide: int, narrow: int) -> nn.Sequential:
    return nn.Sequential(nn.ConvTranspose2d(wide, narrow, 3, padding=1), nn.ReLU(inplace=True))


class ADepth(nn.Module):
    """Composite and background as six channels -> depth, without pooling.

    A U-shape in channels alone: each up block is applied twice, before and after the skip joins.
    Its last layer is a ReLU, so depth is cut to [0, 1] (`clamp_unit`).
    """

    def __init__(self) -> None:
        super().__init__()
        self.prepare = nn.Sequential(
            *conv_bn_relu(6, 16, bias=True), *conv_bn_relu(16, 16, bias=True)
        )
        self.down = nn.ModuleList([_double(16, 16), _double(16, 32), _double(32, 64)])
        self.bottom = _double(64, 128)
        self.up = nn.ModuleList([_up(128, 64), _up(64, 32), _up(32, 16)])
        last = [OutputConv2d(3, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(inplace=True)]
        self.final = nn.Sequential(*conv_bn_relu(16, 3, bias=True), *last)

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Depth (B, 1, H, W) of normalised pictures (B, 3, H, W)."""
        x = self.prepare(torch.cat([image, background], dim=1))
        skips = []
        for block in self.down:
            x = block(x)
            skips.append(x)  # 16, 32, 64 channels
        x = self.bottom(x)
        for up, skip in zip(self.up, reversed(skips), strict=True):
            x = up(torch.cat([up(x), skip], dim=1))  # e.g. 128 -> 64, with the skip 128 -> 64
        return Output(mask=None, depth=clamp_unit(one_map(self.final(x))))


class _Block(nn.Module):
    """Four separable convolutions from two sets of weights, and the input added."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first, self.second = separable(channels, channels), separable(channels, channels)
        self.first_norm, self.second_norm = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = torch.relu(self.first_norm(self.first(x)))
        inner = torch.relu(self.first(self.second_norm(self.second(inner))))
        return torch.relu(self.second(inner) + x)


class AMask(nn.Module):
    """Composite and background through one tower, without pooling -> mask."""

    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(
            separable(3, 64),
            nn.ReLU(inplace=True),
            separable(64, 128),
            nn.ReLU(inplace=True),
            _Block(128),
            separable(128, 64),
            nn.ReLU(inplace=True),
            separable(64, 32),
            nn.ReLU(inplace=True),
            _Block(32),
        )
        self.final = OutputConv2d(64, 3, 3, padding=1, bias=False)

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Mask logits (B, 1, H, W) of normalised pictures (B, 3, H, W)."""
        towers = torch.cat([self.tower(image), self.tower(background)], dim=1)  # (B, 64, H, W)
        return Output(mask=one_map(self.final(towers)), depth=None)
