"""Optimisers by name."""

from collections.abc import Iterable
from typing import Any

import torch

from depthmask.train_options import TrainOptions


def build_optimiser(
    options: TrainOptions, groups: Iterable[dict[str, Any]]
) -> torch.optim.Optimizer:
    """The optimiser that `options` names, over parameter groups as torch takes them.

    Fused where torch can (one pass over the weights), which RMSprop cannot.
    """
    common: dict[str, Any] = {"lr": options.lr, "weight_decay": options.weight_decay}
    if options.optimiser == "sgd":
        return torch.optim.SGD(groups, momentum=options.inertia, fused=True, **common)
    if options.optimiser == "rmsprop":
        return torch.optim.RMSprop(groups, momentum=options.inertia, **common)
    if options.optimiser == "adam":
        return torch.optim.Adam(groups, fused=True, **common)
    return torch.optim.AdamW(groups, fused=True, **common)
