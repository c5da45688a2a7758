"""System D: one network for depth, one for masks; each sees the composite alone."""

from itertools import pairwise

import timm
import torch
from torch import Tensor, nn

from depthmask.models.layers import OutputConv2d
from depthmask.models.network_spec import Output
from depthmask.models.systems.drn import drn_d_22_trunk
from depthmask.models.systems.parts import UpProjection, clamp_unit, conv_bn_relu

_STAGES = (256, 512, 1024, 2048)
_WIDTHS = (1024, 512, 256, 128, 64)


def _size(x: Tensor) -> tuple[int, int]:
    return x.shape[-2], x.shape[-1]


class DDepth(nn.Module):
    """Composite -> depth at half resolution: ResNet-50, up-projections, multi-scale fusion.

    Hu et al., "Revisiting Single Image Depth Estimation" (2019). Its last layer is a bare
    convolution, so depth is cut to [0, 1] (`clamp_unit`).
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = timm.create_model(
            "resnet50", pretrained=False, features_only=True, out_indices=(1, 2, 3, 4)
        )
        self.squeeze = nn.Sequential(
            nn.Conv2d(_STAGES[-1], _WIDTHS[0], 1, bias=False),
            nn.BatchNorm2d(_WIDTHS[0]),
            nn.ReLU(inplace=True),
        )
        self.decoder = nn.ModuleList(UpProjection(*widths) for widths in pairwise(_WIDTHS))
        self.project = nn.ModuleList(UpProjection(channels, 16) for channels in _STAGES)
        self.fuse = nn.Sequential(*conv_bn_relu(64, 64, side=5))
        self.refine = nn.Sequential(
            *conv_bn_relu(128, 128, side=5),
            *conv_bn_relu(128, 128, side=5),
            OutputConv2d(128, 1, 5, padding=2),
        )

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Depth (B, 1, H / 2, W / 2) of normalised composites (B, 3, H, W)."""
        stages: list[Tensor] = self.encoder(image)  # strides 4, 8, 16, 32
        half = (image.shape[-2] // 2, image.shape[-1] // 2)
        x: Tensor = self.squeeze(stages[-1])
        sizes = [_size(stage) for stage in reversed(stages[:-1])] + [half]
        for block, size in zip(self.decoder, sizes, strict=True):
            x = block(x, size)  # at last (B, 64, H / 2, W / 2)
        seen = [block(stage, half) for block, stage in zip(self.project, stages, strict=True)]
        fused = self.fuse(torch.cat(seen, dim=1))  # (B, 64, H / 2, W / 2)
        return Output(mask=None, depth=clamp_unit(self.refine(torch.cat([x, fused], dim=1))))


class DMask(nn.Module):
    """Composite -> mask: the trunk of DRN-D-22 and up-projections.

    The original had no masks to learn from: its mask M is such that a depth network that stays as
    it is gives the same depth for composite x M.
    """

    def __init__(self) -> None:
        super().__init__()
        self.trunk = drn_d_22_trunk()
        self.decoder = nn.ModuleList(UpProjection(*w) for w in pairwise((512, 256, 128, 64)))
        self.final = OutputConv2d(64, 1, 3, padding=1)

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Mask logits (B, 1, H, W) of normalised composites (B, 3, H, W)."""
        x: Tensor = self.trunk(image)  # (B, 512, H / 8, W / 8)
        for block in self.decoder:
            x = block(x, (2 * x.shape[-2], 2 * x.shape[-1]))
        return Output(mask=self.final(x), depth=None)
