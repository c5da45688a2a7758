"""System B: separable convolutions with dilation, one decoder for mask and depth."""

import torch
from torch import Tensor, nn

from depthmask.models.layers import OutputConv2d
from depthmask.models.network_spec import Output
from depthmask.models.systems.parts import conv_bn_relu, separable


def _dilated(wide: int, narrow: int) -> nn.Sequential:
    """Separable convolution with dilation 2, batch norm, ReLU."""
    return nn.Sequential(
        separable(wide, narrow, dilation=2, bias=True),
        nn.BatchNorm2d(narrow),
        nn.ReLU(inplace=True),
    )


def _bottleneck() -> nn.Sequential:
    """128 channels to 256 and back."""
    return nn.Sequential(_dilated(128, 256), _dilated(256, 256), nn.Conv2d(256, 128, 1, bias=False))


class B(nn.Module):
    """Composite and background through one stem -> mask, and depth by the same decoder.

    The decoder sees the features for the mask, and the features plus a correction for depth. Both
    maps are read through a sigmoid. The original was fixed to 128 x 128; any multiple of 4 goes.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            *conv_bn_relu(3, 32), *conv_bn_relu(32, 32), *conv_bn_relu(32, 64), nn.MaxPool2d(2)
        )
        self.coarse = nn.Sequential(_dilated(128, 128), _dilated(128, 128))
        self.pool = nn.MaxPool2d(2)
        self.coarser = _bottleneck()
        self.correction = _bottleneck()
        self.grow = nn.Upsample(scale_factor=2, mode="nearest")
        self.refine = _bottleneck()
        self.final = nn.Sequential(
            _dilated(128, 128), OutputConv2d(128, 1, 3, padding=1, bias=False)
        )

    def _decode(self, features: Tensor) -> Tensor:
        """(B, 128, H / 4, W / 4) -> (B, 1, H, W)."""
        x = self.grow(features)
        final: Tensor = self.final(self.grow(x + self.refine(x)))
        return final

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Mask logits and depth (B, 1, H, W) of normalised pictures (B, 3, H, W)."""
        x = torch.cat([self.stem(image), self.stem(background)], dim=1)  # (B, 128, H / 2, W / 2)
        x = self.pool(x + self.coarse(x))
        x = x + self.coarser(x)  # (B, 128, H / 4, W / 4)
        depth = self._decode(x + self.correction(x))
        return Output(mask=self._decode(x), depth=torch.sigmoid(depth))
