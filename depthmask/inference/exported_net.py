"""A trained network as it is exported: pictures in, mask and depth values out."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from timm.layers.conv2d_same import Conv2dSame
from torch import Tensor, nn

from depthmask.models.build import Network
from depthmask.models.catalogue import PAIR, SYSTEMS
from depthmask.models.network_spec import NetworkSpec
from shards.pixels.depth_coding import DepthCoding

IMAGE, BACKGROUND = "image", "background"
MASK, DEPTH = "mask", "depth"


class _EvenPadding(nn.Conv2d):
    """TensorFlow's "same" convolution with fixed padding, for sides that its stride divides.

    timm computes the padding from each picture, which a file for all sizes cannot do.
    """

    def forward(self, maps: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C', H / stride, W / stride)."""
        sides: list[int] = []
        for axis in (1, 0):  # F.pad starts with the last axis
            reach = self.dilation[axis] * (self.kernel_size[axis] - 1) + 1
            missing = max(reach - self.stride[axis], 0)
            sides += [missing // 2, missing - missing // 2]
        return F.conv2d(
            F.pad(maps, sides), self.weight, self.bias, self.stride, 0, self.dilation, self.groups
        )


def pad_evenly(network: nn.Module) -> None:
    """Fix the padding of a network's "same" convolutions, in place, for a file of any size."""
    for layer in network.modules():
        if isinstance(layer, Conv2dSame):
            layer.__class__ = _EvenPadding  # type: ignore[assignment]  # same weights, same names


class ExportedNet(nn.Module):
    """RGB pictures (B, 3, H, W) in [0, 1] -> a mask in [0, 1] and depth as `predict` gives them.

    Takes the composite and, for networks that see it, the background (`inputs`); gives float32
    (B, 1, H, W) for each of `outputs`: the mask, and depth in the kind and unit of `coding`.
    """

    def __init__(self, network: Network, coding: DepthCoding | None) -> None:
        super().__init__()
        self.network = network
        self.inputs = (IMAGE, BACKGROUND) if sees_background(network.spec) else (IMAGE,)
        self.multiple = network.multiple
        self.outputs = heads_of(network.spec)
        self.offset = 0.0 if coding is None else coding.offset
        self.span = 1.0 if coding is None else coding.scale * coding.largest

    def forward(self, *pictures: Tensor) -> tuple[Tensor, ...]:
        """A map for each of `outputs`, from a picture for each of `inputs`."""
        output = self.network(pictures[0], pictures[-1])
        found = []
        if output.mask is not None:
            found.append(torch.sigmoid(output.mask))
        if output.depth is not None:
            found.append(self.offset + self.span * output.depth)
        return tuple(found)


def heads_of(spec: NetworkSpec) -> tuple[str, ...]:
    """What a network gives: "mask", "depth" or both, in this order."""
    return tuple(name for name in (MASK, DEPTH) if spec.heads in ("both", name))


def sees_background(spec: NetworkSpec) -> bool:
    """Whether a network looks at the clean background at all."""
    if spec.network in SYSTEMS:
        return SYSTEMS[spec.network].input == PAIR
    return spec.input != "single"


def example_pictures(inputs: Sequence[str], shape: tuple[int, int, int]) -> tuple[Tensor, ...]:
    """Pictures (B, 3, H, W) in [0, 1] of a shape (B, H, W), one an input: noise of a fixed seed.

    A patch of the composite differs from its background, as an object does.
    """
    count, height, width = shape
    generator = torch.Generator().manual_seed(0)
    background = torch.rand(count, 3, height, width, generator=generator)
    image = background.clone()
    part = (slice(height // 4, height // 2), slice(width // 4, 3 * width // 4))
    image[:, :, part[0], part[1]] = 1 - image[:, :, part[0], part[1]]
    return (image, background)[: len(inputs)]
