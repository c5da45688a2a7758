"""A network that takes no time, and steps of its training."""

import copy

import numpy as np
import torch
from torch import nn

from depthmask.data.batch import Batch
from depthmask.losses.loss_terms import HEADS
from depthmask.models.device import autocast
from depthmask.models.layers import OutputConv2d
from depthmask.models.network_spec import Output
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.objective import Objective
from depthmask.training.optimisers import build_optimiser
from depthmask.training.run import Run
from depthmask.training.schedule import Schedule

CPU = torch.device("cpu")


class Tiny(nn.Module):
    """Two convolutions without a batch norm: each image is answered alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(6, 8, 3, padding=1), OutputConv2d(8, 2, 3, padding=1)

    def forward(self, image: torch.Tensor, background: torch.Tensor) -> Output:
        both = self.last(torch.relu(self.first(torch.cat([image, background], dim=1))))
        return Output(mask=both[:, :1], depth=torch.sigmoid(both[:, 1:]))


def options(**changes: object) -> TrainOptions:
    return TrainOptions(shards="shards", warm_up=0, **changes)  # type: ignore[arg-type]


def begin(given: TrainOptions, network: Tiny | None = None) -> Run:
    torch.manual_seed(0)
    network = network or Tiny()
    objective = Objective({head: given.losses_of(head) for head in HEADS}, given.fixed_weights())
    groups = [{"params": [*network.parameters(), *objective.parameters()]}]
    return Run(
        network=network,  # type: ignore[arg-type]
        forward=torch.compile(network) if given.compile else network,
        average=copy.deepcopy(network).eval(),  # type: ignore[arg-type]
        autocast=autocast(CPU, given.precision),
        objective=objective,
        depth_network=None,
        optimiser=build_optimiser(given, groups),
        scaler=torch.amp.GradScaler("cpu", enabled=given.precision == "float16"),
        schedule=Schedule(rates=given.rate_plan(), steps=100, seconds=None),
    )


def drawn(images: int = 7) -> Batch:
    """Disks of different sizes over noise; depth is known of two in three."""
    generator = torch.Generator().manual_seed(1)
    pictures = torch.rand((2, images, 3, 16, 16), generator=generator)
    line = torch.arange(16) - 7.5
    radius = torch.hypot(line[:, None], line[None])
    mask = (radius < torch.linspace(0, 9, images)[:, None, None]).float()[:, None]
    return Batch(
        image=pictures[0] * (1 - mask) + mask,
        background=pictures[0],
        mask=mask,
        depth=pictures[1, :, :1],
        depth_known=torch.arange(images) % 3 > 0,
        positions=np.arange(images),
    )


def weights(run: Run) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in run.network.parameters()])
