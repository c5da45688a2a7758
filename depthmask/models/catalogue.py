"""The earlier systems' networks by name: what each sees and gives. No torch: options read it."""

import importlib
from typing import TYPE_CHECKING, Literal, NamedTuple

from shards.base.errors import InputError

if TYPE_CHECKING:
    from torch import nn


Precision = Literal["auto", "float32", "bfloat16", "float16"]

PAIR, SINGLE = "composite + background", "composite"

NetworkName = Literal["timm", "A-depth", "A-mask", "B", "C", "D-depth", "D-mask", "E"]
"""depthmask's own network with a timm encoder, and the systems'."""

PictureInput = Literal["siamese", "early", "single"]
"""What depthmask's own network sees, and where: both pictures through one encoder, both as six
channels from the first layer on, or the composite alone."""

GivenHeads = Literal["both", "mask", "depth"]


class SystemFacts(NamedTuple):
    """Where a network is written (module, class), its stride, what it sees, and what it gives.

    A module that begins with a dot is one of `depthmask.models.systems`.
    """

    module: str
    builder: str
    stride: int
    input: str
    heads: GivenHeads


SYSTEMS = {
    "A-depth": SystemFacts(".a", "ADepth", 1, PAIR, "depth"),
    "A-mask": SystemFacts(".a", "AMask", 1, PAIR, "mask"),
    "B": SystemFacts(".b", "B", 4, PAIR, "both"),
    "C": SystemFacts(".c", "C", 1, PAIR, "both"),
    "D-depth": SystemFacts(".d", "DDepth", 32, SINGLE, "depth"),
    "D-mask": SystemFacts(".d", "DMask", 8, SINGLE, "mask"),
    "E": SystemFacts(".e", "E", 16, PAIR, "both"),
}


def heads_within(network: str, wanted: GivenHeads) -> GivenHeads:
    """What is trained of a network: the heads that are wanted and that it has.

    InputError where it has none of them.
    """
    given: GivenHeads = SYSTEMS[network].heads if network in SYSTEMS else "both"
    if "both" in (wanted, given):
        return given if wanted == "both" else wanted
    if wanted != given:
        raise InputError(
            f"--heads {wanted}",
            expected=f"{given} or both, for --network {network}",
            found=wanted,
            remedy="remove --heads or name another network",
        )
    return wanted


def build_system(name: str) -> "nn.Module":
    """The network of a system with random weights: normalised pictures -> `Output`."""
    facts = SYSTEMS[name]
    module = importlib.import_module(facts.module, "depthmask.models.systems")
    network: nn.Module = getattr(module, facts.builder)()
    return network
