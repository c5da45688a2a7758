"""A network of one's own: a few dilated convolutions on composite, background and difference."""

import torch
from torch import Tensor, nn

from depthmask.models.catalogue import PAIR, SYSTEMS, SystemFacts
from depthmask.models.network_spec import Output


class Dilated(nn.Module):
    """Normalised pictures (B, 3, H, W) twice -> mask logits and depth in [0, 1], (B, 1, H, W)."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for number, dilation in enumerate((1, 2, 4, 8)):
            inputs = 9 if number == 0 else width
            layers += [
                nn.Conv2d(inputs, width, 3, padding=dilation, dilation=dilation, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
            ]
        self.body, self.heads = nn.Sequential(*layers), nn.Conv2d(width, 2, 1)

    def forward(self, image: Tensor, background: Tensor) -> Output:
        x = torch.cat([image, background, (image - background).abs()], dim=1)  # (B, 9, H, W)
        mask, depth = self.heads(self.body(x)).split(1, dim=1)
        return Output(mask=mask, depth=torch.sigmoid(depth))


SYSTEMS["dilated"] = SystemFacts(
    __name__, "Dilated", 1, PAIR, "both"
)  # depthmask/models/catalogue.py
