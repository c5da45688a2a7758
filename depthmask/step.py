"""One step of a training: forward, backward, and what follows from the gradients."""

import dataclasses
import itertools
import math

import torch

from depthmask.augmentation import Batch
from depthmask.device import autocast
from depthmask.objective import Counts
from depthmask.run import Run
from depthmask.through_depth import see_through
from depthmask.train_options import TrainOptions
from shards.errors import RunError
from shards.keys import sample_key


def take_step(
    run: Run, batch: Batch, options: TrainOptions, device: torch.device
) -> dict[str, float]:
    """{"loss", "mask", "depth"} of a step (a missing head is left out), which `run` has taken.

    The samples go through the network in `options.accumulate` parts; the gradients are those of
    the whole but for batch norms, which see a part. RunError, and no step, where the loss is not
    finite.
    """
    for group in run.optimiser.param_groups:
        group["lr"] = run.schedule.rate
    run.optimiser.zero_grad(set_to_none=True)
    counts = Counts(mask=len(batch.mask), depth=int(batch.depth_known.sum()))
    parts = []
    for part in split_batch(batch, options.accumulate):
        here = batch_on(device, part)
        with autocast(device, options.precision):
            output = run.forward(here.image, here.background)
            if run.depth_network is not None:
                output = see_through(run.depth_network, output, here)
        losses = run.objective(output, here, run.schedule.done, counts)
        run.scaler.scale(losses["loss"]).backward()
        parts.append(torch.stack([loss.detach() for loss in losses.values()]))
    values = dict(zip(losses, torch.stack(parts).sum(0).tolist(), strict=True))
    if not math.isfinite(values["loss"]):
        raise _no_longer_finite(batch, run)
    _follow_gradients(run, options)
    return values


def _follow_gradients(run: Run, options: TrainOptions) -> None:
    if options.clip > 0:
        run.scaler.unscale_(run.optimiser)
        torch.nn.utils.clip_grad_norm_(run.network.parameters(), options.clip)
    run.scaler.step(run.optimiser)
    run.scaler.update()
    run.average.follow(run.network, run.step)
    run.step += 1
    run.schedule.advance()


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


def _no_longer_finite(batch: Batch, run: Run) -> RunError:
    keys = ", ".join(sample_key("train", int(position)) for position in batch.positions)
    return RunError(
        f"step {run.step}",
        expected="a finite loss",
        found=f"none on the batch {keys}",
        remedy="the last epoch's checkpoint is kept; go on with --resume and a smaller --lr",
    )
