"""Convolutions that compute in float32, whatever the network around them computes in."""

import torch
from torch import Tensor, nn


class OutputConv2d(nn.Conv2d):
    """A network's last convolution: it gives float32, and so does what follows it.

    A value of 8 bits (bfloat16) has at most 256 levels from 1/2 to 1, and a depth map its steps.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> float32 (B, out, h, w)."""
        kind = maps.device.type
        if not torch.amp.is_autocast_available(kind) or not torch.is_autocast_enabled(kind):
            return super().forward(maps)
        with torch.autocast(kind, enabled=False):
            return super().forward(maps.float())


class CueConv2d(OutputConv2d):
    """A last convolution to many maps that are weights of cues: exact in use, rounded in training.

    Opinions are smooth and the cues bring the detail; in float32 this one layer would make the
    steps of a resting encoder a tenth longer.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> float32 (B, out, h, w)."""
        return nn.Conv2d.forward(self, maps).float() if self.training else super().forward(maps)


class _Float32Conv2d(nn.Conv2d):
    """A convolution that computes in float32 on processors, whatever the others compute in."""

    def forward(self, maps: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, h, w)."""
        if maps.device.type != "cpu":
            return super().forward(maps)
        with torch.autocast("cpu", enabled=False):
            return super().forward(maps.float())


def correct_bfloat16_gradients(network: nn.Module) -> None:
    """Let the grouped convolutions with a dilation compute in float32 on processors, in place.

    Channels last, oneDNN reads memory that it has not written for their weights' gradients in
    bfloat16: what comes back is noise, at times infinite. Neither weights nor their names change.
    """
    for layer in network.modules():
        if type(layer) is nn.Conv2d and layer.groups > 1 and max(layer.dilation) > 1:
            layer.__class__ = _Float32Conv2d
