"""One step of a training: forward, backward, and what follows from the gradients."""

import dataclasses
import itertools
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _NormBase

from depthmask.data.batch import Batch
from depthmask.distributed.ranks import Ranks
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.depth_supervision import depth_of_masked
from depthmask.training.objective import Counts
from depthmask.training.run import Run


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


_ALONE = Ranks()

_STAGE_STEP = 5

_EXPLODED = 1000.0
"""How many times the first step's loss is no longer a matter of the batch."""


class UnusableStepError(Exception):
    """A step that was not taken, for what its message says was found."""


def take_step(
    run: Run, batch: Batch, options: TrainOptions, device: torch.device, ranks: Ranks = _ALONE
) -> dict[str, float]:
    """{"loss", "mask", "depth"} of a step (a missing head is left out), which `run` has taken.

    The samples, this rank's part of the step's, go through the network in `options.accumulate`
    parts; losses and gradients are those of the whole but for batch norms, which see a part.
    UnusableStepError, and `run` as it was, where the loss or the gradients are no numbers, or the
    loss has exploded. Draws of the network (dropout and the like) are keyed by seed, step and
    rank.
    """
    torch.manual_seed(_seed_of_step(options.seed, run.step, ranks.rank))
    for group in run.optimiser.param_groups:
        group["lr"] = run.schedule.rate * group["share"]
    run.optimiser.zero_grad(set_to_none=True)
    images, known = ranks.add_up([len(batch.mask), int(batch.depth_known.sum())])
    counts = Counts(mask=int(images), depth=int(known))
    statistics = [buffer.clone() for buffer in run.network.buffers()]
    parts = []
    for part in split_batch(batch, options.accumulate):
        here = batch_on(device, part)
        with run.autocast:
            output = run.forward(here.image, here.background)
            if run.depth_network is not None:
                output = depth_of_masked(run.depth_network, output, here)
        losses = run.objective(output, here, run.schedule.done, counts)
        run.scaler.scale(losses["loss"]).backward()
        parts.append(torch.stack([loss.detach() for loss in losses.values()]))
    summed = add_up_step(run, torch.stack(parts).sum(0), ranks)
    norm = _clip(run, options.clip)
    *sums, length = torch.cat([summed, norm.view(1)]).tolist()
    values = dict(zip(losses, sums, strict=True))
    try:
        _require_usable(values, length, run)
    except UnusableStepError:
        for buffer, before in zip(run.network.buffers(), statistics, strict=True):
            buffer.copy_(before)  # batch norms have seen the batch by now
        raise
    _follow_gradients(run, options.ema)
    return values


def _seed_of_step(seed: int, step: int, rank: int) -> int:
    """A seed by (seed, step, rank): a resumed training draws what it would have drawn."""
    bits = np.random.Philox(key=(seed, _STAGE_STEP), counter=(0, rank, step, 0)).random_raw(1)
    return int(bits[0] >> np.uint64(1))


def _clip(run: Run, largest: float) -> torch.Tensor:
    """The norm of the gradients before they were clipped at `largest`; 0: they stay."""
    run.scaler.unscale_(run.optimiser)
    return torch.nn.utils.clip_grad_norm_(run.network.parameters(), largest or math.inf)


def _require_usable(values: dict[str, float], norm: float, run: Run) -> None:
    """Raise UnusableStepError where a step with these losses would spoil the weights."""
    if not math.isfinite(values["loss"]):
        raise UnusableStepError(f"a loss of {values['loss']}")
    if not math.isfinite(norm) and not run.scaler.is_enabled():  # which tries smaller scales
        raise UnusableStepError(f"gradients with a norm of {norm}")
    plain = sum(value for name, value in values.items() if name != "loss")
    if run.first_loss is None:
        run.first_loss = plain
    elif plain > _EXPLODED * max(run.first_loss, _EXPLODED**-1):
        raise UnusableStepError(f"a loss of {plain:g}, in the first step {run.first_loss:g}")


def _follow_gradients(run: Run, keep: float) -> None:
    run.scaler.step(run.optimiser)
    run.scaler.update()
    move_average(run.average, run.network, keep, run.step)
    run.step += 1
    run.schedule.advance()


@torch.no_grad()
def move_average(average: nn.Module, network: nn.Module, keep: float, step: int) -> None:
    """Move a running average of weights towards those of `network`, faster in the first steps.

    It predicts better than the last step's weights. Counts and the like are copied.
    """
    keep = min(keep, (1 + step) / (10 + step))
    now = network.state_dict()
    for name, mean in average.state_dict().items():
        if mean.is_floating_point():
            mean.lerp_(now[name], 1 - keep)
        else:
            mean.copy_(now[name])


def split_batch(batch: Batch, parts: int) -> list[Batch]:
    """The batch in at most `parts` pieces, in order, none empty."""
    edges = [round(len(batch.mask) * part / parts) for part in range(parts + 1)]
    return [
        dataclasses.replace(
            batch,
            **{
                field.name: getattr(batch, field.name)[start:end]
                for field in dataclasses.fields(batch)
            },
        )
        for start, end in itertools.pairwise(edges)
        if start < end
    ]


def batch_on(device: torch.device, batch: Batch) -> Batch:
    """The batch with its planes on a device."""
    return dataclasses.replace(
        batch,
        image=batch.image.to(device),
        background=batch.background.to(device),
        mask=batch.mask.to(device),
        depth=batch.depth.to(device),
        depth_known=batch.depth_known.to(device),
    )


def _running_statistics(network: nn.Module) -> list[Tensor]:
    """Means and variances that the step has moved, on each rank by its own part of the batch."""
    return [
        statistic
        for module in network.modules()
        if isinstance(module, _NormBase) and module.training
        for statistic in (module.running_mean, module.running_var)
        if statistic is not None
    ]
