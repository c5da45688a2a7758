"""What a training lowers: losses of the mask and of the depth, weighted between the two."""

import math
from bisect import bisect
from collections.abc import Mapping
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from depthmask.data.batch import Batch
from depthmask.losses.loss_terms import Head, TaskLosses
from depthmask.losses.losses import weighted_losses
from depthmask.models.network_spec import Output

_FREE = 6.0
"""How large cue_logits may be at no cost: weights of one to a hundred thousand."""

_PULL = 1e-3


class Counts(NamedTuple):
    """How many images a whole step has, and for how many of them depth is known."""

    mask: int
    depth: int


def z_loss(cue_logits: Tensor) -> Tensor:
    """The price of cue logits (B, N, H, W) beyond +-6, (B,): their excess, squared, x 0.001.

    A softmax of large ones passes no gradient: what it was wrong about stays wrong. (The z-loss of
    routers: Zoph et al., "ST-MoE", 2022.)
    """
    excess = F.relu(cue_logits.abs() - _FREE)
    return _PULL * excess.square().mean((1, 2, 3))


def losses_at(task: TaskLosses, done: float) -> dict[str, float]:
    """The weights of a head's losses by name when a share `done` of the training is over."""
    return task.parts[bisect(task.ends[:-1], done)].weights


class Objective(nn.Module):
    """The sum of the heads' losses, with fixed weights or with learnt ones.

    Learnt weights (Kendall et al. 2018): a head's mean loss L enters as exp(-s) L + s, s its
    parameter, 0 at first; so exp(-s) comes to 1 / L, and no unit needs balancing by hand.
    """

    def __init__(self, tasks: Mapping[Head, TaskLosses], weights: dict[str, float] | None) -> None:
        """`tasks` and the fixed `weights` by "mask" and "depth"; None: they are learnt."""
        super().__init__()
        self._tasks = tasks
        self._weights = weights
        learnt = tasks if weights is None else {}
        self.spreads = nn.ParameterDict({name: nn.Parameter(torch.zeros(())) for name in learnt})

    def forward(
        self, output: Output, batch: Batch, done: float, counts: Counts
    ) -> dict[str, Tensor]:
        """{"loss", "mask", "depth"} of a part of a step: scalars that add up to the step's.

        "loss" also has the price of cue_logits that are too large.

        `batch` is on the output's device. Each head's losses are summed over the part's images
        and divided by `counts`, so that parts of any size give the mean of the step's images.
        """
        found: dict[str, Tensor] = {}
        if output.mask is not None:
            values = torch.sigmoid(output.mask)
            terms = losses_at(self._tasks["mask"], done)
            each = weighted_losses(terms, batch.mask, values=values, logits=output.mask)
            found["mask"] = each.sum() / max(counts.mask, 1)
        if output.depth is not None:
            terms = losses_at(self._tasks["depth"], done)
            each = weighted_losses(terms, batch.depth, values=output.depth)
            found["depth"] = (each * batch.depth_known).sum() / max(counts.depth, 1)
        share = len(batch.mask) / max(counts.mask, 1)
        total = batch.mask.new_zeros(())
        for name, loss in found.items():
            total = total + self._weigh(name, loss, share if getattr(counts, name) else 0.0)
        if output.cue_logits is not None:
            total = total + z_loss(output.cue_logits).sum() / max(counts.mask, 1)
        return {"loss": total, **found}

    def _weigh(self, name: str, loss: Tensor, share: float) -> Tensor:
        if self._weights is not None:
            return self._weights.get(name, 1.0) * loss
        spread: Tensor = self.spreads[name]
        return torch.exp(-spread) * loss + share * spread

    def weights(self) -> dict[str, float]:
        """The weight of each head's loss now."""
        if self._weights is not None:
            return {name: self._weights.get(name, 1.0) for name in self._tasks}
        return {name: math.exp(-spread.item()) for name, spread in self.spreads.items()}
