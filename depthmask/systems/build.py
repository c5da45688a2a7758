"""A network from its spec: depthmask's own, or an earlier system's."""

from pathlib import Path

from depthmask.networks import MaskDepthNet, NetworkSpec
from depthmask.samples import Samples
from depthmask.systems.net import SystemNet
from depthmask.systems.table import SYSTEMS, heads_within
from depthmask.train_options import TrainOptions

Network = MaskDepthNet | SystemNet

_LEAST_STD = 1e-3
"""Deviations are divided by: a data set of one grey has none."""


def build_network(spec: NetworkSpec, *, pretrained: bool | Path = False) -> Network:
    """The network of a spec; `pretrained` is for timm encoders, systems begin with random weights.

    ValueError for a network that is neither `timm` nor a system's.
    """
    if spec.network in SYSTEMS:
        return SystemNet(spec)
    if spec.network != "timm":
        raise ValueError(f"no network is called {spec.network}")
    return MaskDepthNet(spec, pretrained=pretrained)


def spec_for(options: TrainOptions, dataset: Samples) -> NetworkSpec:
    """The spec of a training: heads by what is wanted and known, moments of the train split."""
    heads = heads_within(options.network, options.heads)
    moments = dataset.stats["splits"]["train"]

    def mean(field: str) -> tuple[float, ...]:
        return tuple(moments[field]["mean"])

    def std(field: str) -> tuple[float, ...]:
        return tuple(max(value, _LEAST_STD) for value in moments[field]["std"])

    return NetworkSpec(
        network=options.network,
        backbone=options.backbone if options.network == "timm" else "",
        heads="mask" if heads == "both" and dataset.depth is None else heads,
        image_mean=mean("image"),
        image_std=std("image"),
        background_mean=mean("background"),
        background_std=std("background"),
        input=options.input,
    )
