"""The built-in depth network: DenseDepth's scheme on EfficientNet-Lite0.

Alhashim and Wonka (2018) join a DenseNet-169 trained on ImageNet with an up-projection decoder;
this is the same with an encoder and a decoder a tenth of the size, ending in a sigmoid so that
every value lies in the declared range.
"""

import torch
from torch import Tensor, nn

from pipeline.depth.networks.backbones import build_backbone
from pipeline.depth.networks.decoder import Decoder

ENCODER = "tf_efficientnet_lite0"
WIDTHS = (128, 80, 48, 32, 16)
STRIDE = 2
"""Input pixels a side for each output pixel."""


class DenseDepthLite(nn.Module):
    """RGB in [0, 1], (B, 3, H, W) with sides divisible by 32 -> nearness in (0, 1), (B, H/2, W/2).

    Nearness is inverse depth up to an unknown scale and shift for each picture: larger is nearer.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, *, pretrained: bool = False) -> None:
        super().__init__()
        self.encoder = build_backbone(ENCODER, pretrained=pretrained)
        self.decoder = Decoder(self.encoder.channels, self.encoder.strides, WIDTHS)
        self.head = nn.Conv2d(self.decoder.out_channels, 1, 3, padding=1)
        self.register_buffer("mean", torch.tensor(self.encoder.mean).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(self.encoder.std).view(1, 3, 1, 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """(B, 3, H, W) in [0, 1] -> (B, H / 2, W / 2) in (0, 1)."""
        features = self.encoder((pixels - self.mean) / self.std)
        decoded = self.decoder(features)
        with torch.autocast(decoded.device.type, enabled=False):  # bfloat16 has 8 bits
            return torch.sigmoid(self.head(decoded.float())).squeeze(1)  # (B, 1, h, w)
