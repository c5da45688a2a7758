"""Convolutions that torch gets wrong in bfloat16 on processors."""

import torch
from torch import Tensor, nn


class _Float32Conv2d(nn.Conv2d):
    """A convolution that computes in float32 on processors, whatever the others compute in."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, h, w)."""
        if maps.device.type != "cpu":
            return super().forward(maps)
        with torch.autocast("cpu", enabled=False):
            return super().forward(maps.float())


def keep_gradients_right(network: nn.Module) -> None:
    """Let the grouped convolutions with a dilation compute in float32 on processors, in place.

    Channels last, oneDNN reads memory that it has not written for their weights' gradients in
    bfloat16: what comes back is noise, at times infinite. Neither weights nor their names change.
    """
    for layer in network.modules():
        if type(layer) is nn.Conv2d and layer.groups > 1 and max(layer.dilation) > 1:
            layer.__class__ = _Float32Conv2d
