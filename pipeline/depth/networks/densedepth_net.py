"""DenseDepth: DenseNet-169 and the up-projection decoder, as in the released weights.

Alhashim and Wonka, "High Quality Monocular Depth Estimation via Transfer Learning" (2018).
"""

from typing import Any

import timm
import torch
from torch import Tensor, nn

from pipeline.depth.networks.decoder import Decoder

WIDTH = 1664
CHANNELS, STRIDES = (64, 64, 128, 256, 1664), (2, 4, 8, 16, 32)
STRIDE = 2
"""Input pixels a side for each output pixel."""

_TAPS = ("norm0", "pool0", "transition1", "transition2", "norm5")
_EPSILON = 1.001e-5
"""Of the batch normalisation in keras.applications; PyTorch's own is 1e-5."""


class DenseNet169(nn.Module):
    """DenseNet-169 without its classifier: five maps, the finest first.

    The maps are those that DenseDepth joins (channels 64, 64, 128, 256, 1664 at strides 2 to 32):
    the stem after its activation, the pooled stem, two pooled transitions, and the normalised and
    activated end.
    """

    def __init__(self) -> None:
        super().__init__()
        network: Any = timm.create_model("densenet169", pretrained=False, num_classes=0)
        self.features: nn.Module = network.features
        for module in self.features.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eps = _EPSILON

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Maps (B, CHANNELS[i], H / STRIDES[i], W / STRIDES[i]) of (B, 3, H, W) in [0, 1]."""
        maps, x = [], pixels
        for name, module in self.features.named_children():
            x = module(x)
            if name in _TAPS:
                maps.append(x)
        return maps


class DenseDepth(nn.Module):
    """RGB in [0, 1], (B, 3, H, W), no ImageNet normalisation -> (B, H / 2, W / 2).

    The output is the largest depth of the training data divided by depth: 1 is farthest. `width`
    is the decoder's widest layer (1664 in the released weights; half of it is the paper's
    smaller one), `aligned` how it resizes (`Decoder`). 42,657,689 parameters at full width.
    """

    def __init__(self, *, width: int = WIDTH, aligned: bool = False) -> None:
        super().__init__()
        widths = [width // 2**step for step in range(5)]
        self.encoder = DenseNet169()
        self.decoder = Decoder(CHANNELS, STRIDES, widths, aligned=aligned)
        self.head = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1], sides divisible by 32 -> (B, H / 2, W / 2)."""
        x: Tensor = self.head(self.decoder(self.encoder(pixels)))
        return x.squeeze(1)  # (B, 1, h, w) -> (B, h, w)


def empty_densedepth(*, width: int, aligned: bool) -> DenseDepth:
    """A network without memory for its tensors (meta device), to be filled from a file."""
    with torch.device("meta"):
        return DenseDepth(width=width, aligned=aligned)
