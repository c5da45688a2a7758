"""A network from its spec: depthmask's own, or an earlier system's."""

from pathlib import Path

from depthmask.models.catalogue import SYSTEMS
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import NetworkSpec
from depthmask.models.systems.net import SystemNet

Network = MaskDepthNet | SystemNet


def build_network(spec: NetworkSpec, *, pretrained: bool | Path = False) -> Network:
    """The network of a spec; `pretrained` is for timm encoders, systems begin with random weights.

    ValueError for a network that is neither `timm` nor a system's.
    """
    if spec.network in SYSTEMS:
        return SystemNet(spec)
    if spec.network != "timm":
        raise ValueError(f"no network is called {spec.network}")
    return MaskDepthNet(spec, pretrained=pretrained)
