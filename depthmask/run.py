"""The state of a training: network, running average, optimiser, schedule, scores so far."""

import dataclasses
import math

import torch

from depthmask.average import RunningAverage
from depthmask.checkpoint import read_checkpoint
from depthmask.networks import MaskDepthNet, NetworkSpec
from depthmask.run_folder import LAST
from depthmask.schedule import Schedule
from depthmask.train_options import TrainOptions
from shards.errors import InputError
from shards.joined import AnyDataset

_KEEP = 0.998


@dataclasses.dataclass(slots=True)
class Run:
    """Everything that changes while a training runs."""

    network: MaskDepthNet
    average: RunningAverage[MaskDepthNet]
    optimiser: torch.optim.AdamW
    schedule: Schedule
    epoch: int = 0
    step: int = 0
    best: float = -math.inf
    rows: list[dict[str, float]] = dataclasses.field(default_factory=list)


def begin_run(options: TrainOptions, dataset: AnyDataset, device: torch.device) -> Run:
    """A run at its first step, or where last.pt left it."""
    moments = dataset.stats["splits"]["train"]
    heads = "mask" if options.heads == "both" and dataset.depth is None else options.heads
    spec = NetworkSpec(
        backbone=options.backbone,
        heads=heads,
        image_mean=tuple(moments["image"]["mean"]),
        image_std=_usable(moments["image"]["std"]),
        background_mean=tuple(moments["background"]["mean"]),
        background_std=_usable(moments["background"]["std"]),
    )
    network = MaskDepthNet(spec, pretrained=options.pretrained and not options.resume)
    network = network.to(device=device)
    network = network.to(memory_format=torch.channels_last)
    average = RunningAverage(network, _KEEP)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=options.lr, weight_decay=options.weight_decay
    )
    steps = max(1, len(dataset.split("train")) // options.batch_size)
    epochs = options.epochs or (12 if options.minutes is None else None)
    schedule = Schedule(
        peak=options.lr,
        steps=None if epochs is None else epochs * steps,
        seconds=None if options.minutes is None else 60 * options.minutes,
    )
    run = Run(network, average, optimiser, schedule)
    if options.resume:
        _restore(run, options)
    schedule.start()
    return run


def _usable(std: list[float]) -> tuple[float, ...]:
    """Deviations to divide by: a data set of one grey has none."""
    return tuple(max(value, 1e-3) for value in std)


def _restore(run: Run, options: TrainOptions) -> None:
    path = options.out / LAST
    checkpoint = read_checkpoint(path)
    state = checkpoint.training
    if state is None or checkpoint.spec != run.network.spec:
        raise InputError(
            str(path),
            expected="the network and data set that the run was begun with",
            found=f"{checkpoint.spec}",
            remedy="give the same --backbone, --heads and --shards, or begin a new run",
        )
    run.network.load_state_dict(state["network"])
    run.average.network.load_state_dict(checkpoint.weights)
    run.optimiser.load_state_dict(state["optimiser"])
    run.schedule.restore(state["steps"], state["seconds"])
    run.epoch, run.step, run.best = state["epoch"], state["steps"], state["best"]
    run.rows = state["rows"]
