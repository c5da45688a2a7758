"""One exchange a step: every rank's gradients become those of the whole batch."""

import torch
from torch import Tensor
from torch.nn.modules.batchnorm import _NormBase

from depthmask.ranks import Ranks
from depthmask.run import Run


@torch.no_grad()
def add_up_step(run: Run, losses: Tensor, ranks: Ranks) -> Tensor:
    """The losses (L,) of all ranks' parts of a step together; `run` gets their gradients.

    Each rank has divided by the number of images of the whole batch, so sums are what one rank
    alone would have. Statistics of batch normalisations become the ranks' mean. After it all ranks
    hold the same bits.
    """
    if ranks.group is None:
        return losses
    gradients = [
        parameter.grad
        for group in run.optimiser.param_groups
        for parameter in group["params"]
        if parameter.grad is not None
    ]
    means = _running_statistics(run.network)
    for mean in means:
        mean.div_(ranks.count)
    tensors = [losses, *gradients, *means]
    flat = torch.cat([tensor.reshape(-1).float() for tensor in tensors])
    ranks.add_up_in_place(flat)
    pieces = torch.split(flat, [tensor.numel() for tensor in tensors])
    for tensor, summed in zip(tensors, pieces, strict=True):
        tensor.copy_(summed.view(tensor.shape))
    return losses


def _running_statistics(network: torch.nn.Module) -> list[Tensor]:
    """Means and variances that the step has moved, on each rank by its own part of the batch."""
    return [
        statistic
        for module in network.modules()
        if isinstance(module, _NormBase) and module.training
        for statistic in (module.running_mean, module.running_var)
        if statistic is not None
    ]
