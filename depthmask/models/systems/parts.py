"""What several of the earlier systems are made of."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def conv_bn_relu(wide: int, narrow: int, *, side: int = 3, bias: bool = False) -> list[nn.Module]:
    """Convolution (stride 1, same size), batch norm, ReLU."""
    convolution = nn.Conv2d(wide, narrow, side, padding=side // 2, bias=bias)
    return [convolution, nn.BatchNorm2d(narrow), nn.ReLU(inplace=True)]


def separable(wide: int, narrow: int, *, dilation: int = 1, bias: bool = False) -> nn.Sequential:
    """Depthwise 3x3 (`bias` is its own), then pointwise 1x1 with bias."""
    return nn.Sequential(
        nn.Conv2d(wide, wide, 3, padding=dilation, dilation=dilation, groups=wide, bias=bias),
        nn.Conv2d(wide, narrow, 1),
    )


class UpProjection(nn.Module):
    """Bilinear resize to a size, then two branches of 5x5 convolutions, added.

    Laina et al. 2016 in the form of Hu et al. 2019; no biases.
    """

    def __init__(self, wide: int, narrow: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            *conv_bn_relu(wide, narrow, side=5),
            nn.Conv2d(narrow, narrow, 3, padding=1, bias=False),
            nn.BatchNorm2d(narrow),
        )
        self.shortcut = nn.Sequential(
            nn.Conv2d(wide, narrow, 5, padding=2, bias=False), nn.BatchNorm2d(narrow)
        )

    def forward(self, coarse: Tensor, size: tuple[int, int]) -> Tensor:
        """(B, wide, h, w) -> (B, narrow, *size)."""
        x = F.interpolate(coarse, size=size, mode="bilinear", align_corners=True)
        return F.relu(self.main(x) + self.shortcut(x))


def clamp_unit(values: Tensor) -> Tensor:
    """`values` cut to [0, 1]; gradients pass as if nothing were cut, so what lies outside learns.

    A plain clamp has no gradient outside its range: such pixels would never come back.
    """
    return values + (values.clamp(0, 1) - values).detach()


def one_map(maps: Tensor) -> Tensor:
    """The mean over channels, (B, C, H, W) -> (B, 1, H, W).

    System A gives masks and depth as pictures of three channels that are trained on three equal
    ones; their mean is the one map that is trained here.
    """
    return torch.mean(maps, dim=1, keepdim=True)
