"""Optimisers by name, and what they lower with which rate."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from depthmask.models.network import MaskDepthNet
from depthmask.recipes.train_options import TrainOptions


def parameter_groups(
    options: TrainOptions, network: nn.Module, objective: nn.Module
) -> list[dict[str, Any]]:
    """The parameters of a training as torch takes them, `share` of --lr beside each group.

    A pretrained encoder has a group of its own. One of six channels learns like the rest: no
    pretrained weights compare two pictures.
    """
    own: list[nn.Parameter] = []
    if isinstance(network, MaskDepthNet) and options.encoder_weights and options.input != "early":
        own = list(network.encoder.parameters())
    apart = {id(parameter) for parameter in own}
    rest = [parameter for parameter in network.parameters() if id(parameter) not in apart]
    groups: list[dict[str, Any]] = [
        {"params": rest},
        {"params": own, "share": options.encoder_lr},
        {"params": list(objective.parameters()), "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]


def build_optimiser(
    options: TrainOptions, groups: Iterable[dict[str, Any]]
) -> torch.optim.Optimizer:
    """The optimiser that `options` names, over parameter groups as torch takes them.

    Each has a `share` of the learning rate, all of it where none is given. Fused where torch can
    (one pass over the weights), which RMSprop cannot.
    """
    groups = [{"share": 1.0, **group} for group in groups]
    common: dict[str, Any] = {"lr": options.lr, "weight_decay": options.weight_decay}
    if options.optimiser == "sgd":
        return torch.optim.SGD(groups, momentum=options.inertia, fused=True, **common)
    if options.optimiser == "rmsprop":
        return torch.optim.RMSprop(groups, momentum=options.inertia, **common)
    if options.optimiser == "adam":
        return torch.optim.Adam(groups, fused=True, **common)
    return torch.optim.AdamW(groups, fused=True, **common)
