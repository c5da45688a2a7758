"""An earlier system's network behind the same face as depthmask's own."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthmask.models.catalogue import SYSTEMS, build_system
from depthmask.models.layers import crop, pad_to_multiple
from depthmask.models.network_spec import NetworkSpec, Output


def _norm_buffer(values: Sequence[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float32).view(1, 3, 1, 1)


class SystemNet(nn.Module):
    """(B, 3, H, W) composite and background in [0, 1], any size -> `Output` of that size.

    Pictures are normalised with the train split's moments, and padded to a multiple of the
    network's stride; maps that it gives at half the size are scaled up (bilinear).
    """

    image_mean: Tensor
    image_std: Tensor
    background_mean: Tensor
    background_std: Tensor

    def __init__(self, spec: NetworkSpec) -> None:
        super().__init__()
        self.spec = spec
        self.multiple = SYSTEMS[spec.network].stride
        self.network = build_system(spec.network)
        self.register_buffer("image_mean", _norm_buffer(spec.image_mean))
        self.register_buffer("image_std", _norm_buffer(spec.image_std))
        self.register_buffer("background_mean", _norm_buffer(spec.background_mean))
        self.register_buffer("background_std", _norm_buffer(spec.background_std))

    def freeze_encoder(self, frozen: bool) -> None:
        """Nothing: no part of these networks begins with other weights than random ones."""

    def keep_statistics(self, keeps: bool) -> None:
        """Nothing: their batch norms are as they were published."""

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Logits and depth (B, 1, H, W) of pictures (B, 3, H, W) in [0, 1]."""
        height, width = image.shape[-2:]
        image = pad_to_multiple((image - self.image_mean) / self.image_std, self.multiple)
        background = (background - self.background_mean) / self.background_std
        background = pad_to_multiple(background, self.multiple)
        size = image.shape[-2:]

        def fit(maps: Tensor) -> Tensor:
            if maps.shape[-2:] != size:
                maps = F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
            return crop(maps, height, width)

        found: Output = self.network(image, background)
        wanted = self.spec.heads
        return Output(
            mask=None if found.mask is None or wanted == "depth" else fit(found.mask),
            depth=None if found.depth is None or wanted == "mask" else fit(found.depth),
        )
