"""The mask-and-depth network: one timm encoder for two pictures, a decoder, two heads.

Composite and clean background go through the same encoder; at each level the decoder sees the
composite's features and how they differ from the background's. A light path over
both pictures and their difference keeps thin parts and the boundary of small objects: it sees
every pixel (blocks of 2 x 2 as channels, which takes half the time of full-resolution maps), joins
the decoder's last block, and reaches the heads directly. Heads answer for blocks, too (Shi et al.
2016, sub-pixel convolution).
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.backbones import build_backbone
from pipeline.decoder import Decoder, UpBlock

Heads = Literal["both", "mask", "depth"]
_WIDTHS = (64, 48, 32, 24, 16)
_FINE = 32
_JOINED = 24
_BLOCK = 2
_FUSED = 48
_PRIOR = -2.0
"""The mask's first logit: about an eighth of a composite is foreground."""


class Output(NamedTuple):
    """Mask logits and depth in [0, 1], (B, 1, H, W) each; None for a head that is not there."""

    mask: Tensor | None
    depth: Tensor | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSpec:
    """What it takes to build a network: a checkpoint carries it."""

    backbone: str
    heads: Heads
    image_mean: tuple[float, ...]
    image_std: tuple[float, ...]
    background_mean: tuple[float, ...]
    background_std: tuple[float, ...]


def _head() -> nn.Conv2d:
    return nn.Conv2d(_JOINED + _FINE, _BLOCK**2, 3, padding=1)


def _norm_buffer(values: Sequence[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float32).view(1, 3, 1, 1)


class MaskDepthNet(nn.Module):
    """(B, 3, H, W) composite and background in [0, 1], any size -> `Output` of that size."""

    image_mean: Tensor
    image_std: Tensor
    background_mean: Tensor
    background_std: Tensor

    def __init__(self, spec: NetworkSpec, *, pretrained: bool | Path = False) -> None:
        super().__init__()
        self.spec = spec
        self.encoder = build_backbone(spec.backbone, pretrained=pretrained)
        strides = self.encoder.strides
        fused = [min(channels, _FUSED) for channels in self.encoder.channels]
        self.fuse = nn.ModuleList(
            nn.Conv2d(2 * channels, narrow, 1)
            for channels, narrow in zip(self.encoder.channels, fused, strict=True)
        )
        self.decoder = Decoder(fused, strides, _WIDTHS[: len(strides)])
        self.fine = nn.Sequential(
            nn.Conv2d(9 * _BLOCK**2, _FINE, 3, padding=1, bias=False),
            nn.BatchNorm2d(_FINE),
            nn.LeakyReLU(0.2),
            nn.Conv2d(_FINE, _FINE, 3, padding=1, bias=False),
            nn.BatchNorm2d(_FINE),
            nn.LeakyReLU(0.2),
        )
        self.join = UpBlock(self.decoder.out_channels, _FINE, _JOINED)
        self.mask_head = _head() if spec.heads != "depth" else None
        if self.mask_head is not None:
            self.mask_head.bias = nn.Parameter(torch.full((_BLOCK**2,), _PRIOR))
        self.depth_head = _head() if spec.heads != "mask" else None
        self.multiple = max(strides)
        self.encoder_learns = True
        self.register_buffer("image_mean", _norm_buffer(spec.image_mean))
        self.register_buffer("image_std", _norm_buffer(spec.image_std))
        self.register_buffer("background_mean", _norm_buffer(spec.background_mean))
        self.register_buffer("background_std", _norm_buffer(spec.background_std))

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Logits and depth (B, 1, H, W) of pictures (B, 3, H, W) in [0, 1]."""
        height, width = image.shape[-2:]
        across, down = -width % self.multiple, -height % self.multiple
        if across or down:
            padding = (0, across, 0, down)
            image = F.pad(image, padding, mode="replicate")
            background = F.pad(background, padding, mode="replicate")
        features = self._decode(image, background)

        def answer(head: nn.Module) -> Tensor:
            blocks = F.pixel_shuffle(head(features), _BLOCK)  # (B, 4, h, w) -> (B, 1, 2 h, 2 w)
            return blocks[..., :height, :width]

        return Output(
            mask=None if self.mask_head is None else answer(self.mask_head),
            depth=None if self.depth_head is None else torch.sigmoid(answer(self.depth_head)),
        )

    def _decode(self, image: Tensor, background: Tensor) -> Tensor:
        """Joined and fine features (B, 56, H / 2, W / 2)."""
        normal_image = (image - self.image_mean) / self.image_std
        normal_background = (background - self.background_mean) / self.background_std
        with torch.set_grad_enabled(self.encoder_learns and torch.is_grad_enabled()):
            of_image = self.encoder(normal_image)
        with torch.no_grad():  # the shared weights learn from the composite: a third less work
            of_background = self.encoder(normal_background)
        fused = [
            fuse(torch.cat([a, a - b], dim=1))  # (B, 2 C, h, w) -> (B, min(C, 48), h, w)
            for fuse, a, b in zip(self.fuse, of_image, of_background, strict=True)
        ]
        # Ten times the difference, cut at 1: JPEG noise stays small, any visible change counts.
        change = (10 * (image - background).abs()).clamp(max=1)
        pictures = torch.cat([normal_image, normal_background, change], dim=1)
        blocks = F.pixel_unshuffle(pictures, _BLOCK)  # (B, 9, H, W) -> (B, 36, H / 2, W / 2)
        fine = self.fine(blocks)  # (B, 32, H / 2, W / 2)
        joined = self.join(self.decoder(fused), fine)  # (B, 24, H / 2, W / 2)
        return torch.cat([joined, fine], dim=1)
