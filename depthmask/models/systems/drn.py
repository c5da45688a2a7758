"""The trunk of DRN-D-22: a residual network that widens its view by dilation, not by stride.

Yu, Koltun and Funkhouser, "Dilated Residual Networks" (2017), arrangement D with 22 layers.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn

from depthmask.models.systems.parts import conv_bn_relu


class _Level(NamedTuple):
    """Two residual blocks: their width, the stride of the first, the dilation of both."""

    channels: int
    stride: int
    dilation: int


_LEVELS = (_Level(64, 2, 1), _Level(128, 2, 1), _Level(256, 1, 2), _Level(512, 1, 4))


def _conv_bn(wide: int, narrow: int, stride: int, dilation: int) -> list[nn.Module]:
    convolution = nn.Conv2d(
        wide, narrow, 3, stride=stride, padding=dilation, dilation=dilation, bias=False
    )
    return [convolution, nn.BatchNorm2d(narrow)]


class _Residual(nn.Module):
    """Two convolutions with their input added, by a 1x1 convolution where the shape changes."""

    def __init__(self, wide: int, narrow: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *_conv_bn(wide, narrow, stride, dilation),
            nn.ReLU(inplace=True),
            *_conv_bn(narrow, narrow, 1, dilation),
        )
        self.shortcut = (
            nn.Identity()
            if wide == narrow and stride == 1
            else nn.Sequential(
                nn.Conv2d(wide, narrow, 1, stride=stride, bias=False), nn.BatchNorm2d(narrow)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.main(x) + self.shortcut(x))


def _plain(wide: int, narrow: int, *, stride: int = 1, dilation: int = 1) -> list[nn.Module]:
    return [*_conv_bn(wide, narrow, stride, dilation), nn.ReLU(inplace=True)]


def drn_d_22_trunk() -> nn.Sequential:
    """DRN-D-22 without its classifier: (B, 3, H, W) -> (B, 512, H / 8, W / 8)."""
    layers = conv_bn_relu(3, 16, side=7) + _plain(16, 16) + _plain(16, 32, stride=2)
    wide = 32
    for level in _LEVELS:
        layers += [
            _Residual(wide, level.channels, level.stride, level.dilation),
            _Residual(level.channels, level.channels, 1, level.dilation),
        ]
        wide = level.channels
    layers += _plain(512, 512, dilation=2) + _plain(512, 512)
    return nn.Sequential(*layers)
