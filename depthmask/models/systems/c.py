"""System C: full resolution throughout, residual blocks for the composite, plain ones behind."""

import torch
from torch import Tensor, nn

from depthmask.models.layers import OutputConv2d
from depthmask.models.network_spec import Output
from depthmask.models.systems.parts import conv_bn_relu


class _Residual(nn.Module):
    """Three convolutions, and one around them."""

    def __init__(self, wide: int, narrow: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *conv_bn_relu(wide, narrow), *conv_bn_relu(narrow, narrow), *_conv_bn(narrow, narrow)
        )
        self.shortcut = nn.Sequential(*_conv_bn(wide, narrow))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.main(x) + self.shortcut(x))


def _conv_bn(wide: int, narrow: int) -> list[nn.Module]:
    return conv_bn_relu(wide, narrow)[:2]


def _head() -> nn.Sequential:
    return nn.Sequential(
        *conv_bn_relu(256, 256),
        *conv_bn_relu(256, 256),
        OutputConv2d(256, 1, 3, padding=1, bias=False),
    )


class C(nn.Module):
    """Composite and background through branches of their own -> mask and depth, two heads.

    Both maps are logits, as its cross-entropy on logits asks; depth is read through a sigmoid.
    """

    def __init__(self) -> None:
        super().__init__()
        self.image = nn.Sequential(*conv_bn_relu(3, 32), _Residual(32, 64), _Residual(64, 128))
        self.background = nn.Sequential(
            *conv_bn_relu(3, 32),
            *conv_bn_relu(32, 64),
            *conv_bn_relu(64, 64),
            *conv_bn_relu(64, 128),
            *conv_bn_relu(128, 128),
        )
        self.mask_head, self.depth_head = _head(), _head()

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Mask logits and depth (B, 1, H, W) of normalised pictures (B, 3, H, W)."""
        x = torch.cat([self.image(image), self.background(background)], dim=1)  # (B, 256, H, W)
        return Output(mask=self.mask_head(x), depth=torch.sigmoid(self.depth_head(x)))
