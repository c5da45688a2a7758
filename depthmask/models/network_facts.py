"""`networks`: what each network costs. Nothing is computed: tensors have shapes and no values."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from depthmask.models.catalogue import PAIR, SYSTEMS, build_system
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import NetworkSpec
from shards.base.errors import InputError
from shards.base.size import Size, size_text

_UNIT = (0.5, 0.5, 0.5)
_MULTIPLE = 32


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkFacts:
    """A network's own parameters, their sum over calls, and FLOPs of one answer.

    `parameters_over_calls` counts a layer's parameters each time that it is called, as torchsummary
    does. `flops` counts a multiplication and an addition as two.
    """

    name: str
    parameters: int
    parameters_over_calls: int
    flops: int
    input: str

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return dataclasses.asdict(self)


def count_parameters(network: nn.Module) -> int:
    """How many numbers the network learns; shared ones count once."""
    return sum(parameter.numel() for parameter in network.parameters())


@contextmanager
def counting_calls(network: nn.Module) -> Iterator[list[int]]:
    """A list to which each call of a layer adds the number of the layer's own parameters."""
    counted: list[int] = []

    def count(layer: nn.Module, *_: Any) -> None:
        counted.append(sum(p.numel() for p in layer.parameters(recurse=False)))

    handles = [layer.register_forward_hook(count) for layer in network.modules()]
    try:
        yield counted
    finally:
        for handle in handles:
            handle.remove()


def _build(name: str) -> nn.Module:
    if name in SYSTEMS:
        return build_system(name)
    spec = NetworkSpec(
        backbone=name,
        heads="both",
        image_mean=_UNIT,
        image_std=_UNIT,
        background_mean=_UNIT,
        background_std=_UNIT,
    )
    return MaskDepthNet(spec)


def network_facts(name: str, size: Size) -> NetworkFacts:
    """The facts of a system, or of depthmask's network with the timm encoder `name`.

    FLOPs are those of one pair of pictures of `size` (width, height); InputError unless every
    network's stride divides both sides.
    """
    width, height = size
    if min(size) <= 0 or width % _MULTIPLE or height % _MULTIPLE:
        raise InputError(
            f"--size {size_text(size)}",
            expected=f"multiples of {_MULTIPLE}",
            found=size_text(size),
            remedy="take 224 or 320x224, for example",
        )
    with torch.device("meta"), torch.no_grad():
        network = _build(name).eval()
        pictures = torch.zeros(2, 1, 3, height, width)
        with counting_calls(network) as counted, FlopCounterMode(display=False) as flops:
            network(*pictures)
    return NetworkFacts(
        name=name if name in SYSTEMS else f"timm {name}",
        parameters=count_parameters(network),
        parameters_over_calls=sum(counted),
        flops=flops.get_total_flops(),
        input=SYSTEMS[name].input if name in SYSTEMS else PAIR,
    )


def all_facts(backbones: Sequence[str], size: Size) -> list[NetworkFacts]:
    """The facts of `timm` with each backbone, then of every system."""
    return [network_facts(name, size) for name in (*backbones, *SYSTEMS)]
