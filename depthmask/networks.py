"""The mask-and-depth network: one timm encoder for two pictures, a decoder, two heads.

Composite and clean background go through the same encoder; at each level the decoder sees the
composite's features and how they differ from the background's. A light path at full resolution
over both pictures and their difference keeps thin parts and the boundary of small objects: it
joins the decoder's last block, and reaches the heads directly.
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
_FULL = 16
_JOINED = 12
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
        self.full = nn.Sequential(
            nn.Conv2d(9, _FULL, 3, padding=1, bias=False),
            nn.BatchNorm2d(_FULL),
            nn.LeakyReLU(0.2),
            nn.Conv2d(_FULL, _FULL, 3, padding=1, bias=False),
            nn.BatchNorm2d(_FULL),
            nn.LeakyReLU(0.2),
        )
        self.join = UpBlock(self.decoder.out_channels, _FULL, _JOINED)
        self.mask_head = (
            nn.Conv2d(_JOINED + _FULL, 1, 3, padding=1) if spec.heads != "depth" else None
        )
        if self.mask_head is not None:
            self.mask_head.bias = nn.Parameter(torch.full((1,), _PRIOR))
        self.depth_head = (
            nn.Conv2d(_JOINED + _FULL, 1, 3, padding=1) if spec.heads != "mask" else None
        )
        self.multiple = max(strides)
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
        cut = features[..., :height, :width]
        return Output(
            mask=None if self.mask_head is None else self.mask_head(cut),
            depth=None if self.depth_head is None else torch.sigmoid(self.depth_head(cut)),
        )

    def _decode(self, image: Tensor, background: Tensor) -> Tensor:
        """Joined and full-resolution features (B, 28, H, W)."""
        normal_image = (image - self.image_mean) / self.image_std
        normal_background = (background - self.background_mean) / self.background_std
        of_image = self.encoder(normal_image)
        with torch.no_grad():  # the shared weights learn from the composite: a third less work
            of_background = self.encoder(normal_background)
        fused = [
            fuse(torch.cat([a, a - b], dim=1))  # (B, 2 C, h, w) -> (B, min(C, 48), h, w)
            for fuse, a, b in zip(self.fuse, of_image, of_background, strict=True)
        ]
        # Ten times the difference, cut at 1: JPEG noise stays small, any visible change counts.
        change = (10 * (image - background).abs()).clamp(max=1)
        pictures = [normal_image, normal_background, change]
        full = self.full(torch.cat(pictures, dim=1))  # (B, 9, H, W) -> (B, 16, H, W)
        joined = self.join(self.decoder(fused), full)  # (B, 12, H, W)
        return torch.cat([joined, full], dim=1)
