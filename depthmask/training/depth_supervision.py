"""Masks from depth alone: a depth network that stays as it is looks at composite x mask.

System D has no masks to learn from. A mask M is right there when the frozen network finds in
composite x M the depth that belongs to the composite.
"""

from pathlib import Path

import torch

from depthmask.data.batch import Batch
from depthmask.models.build import Network
from depthmask.models.checkpoint import read_checkpoint
from depthmask.models.network_spec import Output
from shards.base.errors import InputError
from shards.pixels.depth_coding import DepthCoding


def find_depth_network(
    path: Path | None, coding: DepthCoding | None, device: torch.device
) -> Network | None:
    """The network of a checkpoint on `device`, frozen and in inference; None where none is named.

    InputError unless it gives depth in the kind, unit and range of the data set's `coding`.
    """
    if path is None:
        return None
    checkpoint = read_checkpoint(path)
    if (
        checkpoint.coding is None
        or coding is None
        or _meaning(checkpoint.coding) != _meaning(coding)
    ):
        raise InputError(
            f"--depth-network {path}",
            expected="a network with depth of the same meaning as the data set's",
            found="none" if checkpoint.coding is None else f"depth in {checkpoint.coding.unit}",
            remedy="train it on this data set first, with --heads depth or a depth network",
        )
    network = checkpoint.build().to(device)
    network.requires_grad_(False)
    return network


def _meaning(coding: DepthCoding) -> tuple[str, str, float, float]:
    return coding.kind, coding.unit, coding.offset, coding.scale * coding.largest


def depth_of_masked(depth_network: Network, output: Output, batch: Batch) -> Output:
    """What `depth_network` finds in composite x mask, as the depth of an output without mask.

    `output` holds mask logits (B, 1, H, W); gradients reach them through the depth network.
    """
    if output.mask is None:
        raise TypeError("no mask to look through")
    seen = batch.image * torch.sigmoid(output.mask)
    found: Output = depth_network(seen, batch.background)
    return Output(mask=None, depth=found.depth)
