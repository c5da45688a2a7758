"""The state of a training: network, running average, optimiser, schedule, scores so far."""

import copy
import dataclasses
import math
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import torch

from depthmask.data.samples import Samples
from depthmask.distributed.launch import find_rank
from depthmask.losses.loss_terms import HEADS
from depthmask.models.build import Network, build_network
from depthmask.models.catalogue import heads_within
from depthmask.models.checkpoint import read_checkpoint
from depthmask.models.device import autocast
from depthmask.models.initial_weights import begin_from, find_start
from depthmask.models.layers import correct_bfloat16_gradients
from depthmask.models.network_spec import NetworkSpec, Output
from depthmask.recipes.resumption import require_same_course
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.depth_supervision import find_depth_network
from depthmask.training.epoch_sums import EpochSums
from depthmask.training.objective import Objective
from depthmask.training.optimisers import build_optimiser, parameter_groups
from depthmask.training.run_folder import LAST
from depthmask.training.run_state import check_optimiser, check_progress
from depthmask.training.schedule import Schedule
from depthmask.training.smallest_part import require_statistics
from pipeline.machine.allocator import keep_freed_memory
from shards.base.errors import InputError
from shards.reading.order import batches_of

_LEAST_STD = 1e-3
"""Deviations are divided by: a data set of one grey has none."""


@dataclasses.dataclass(slots=True)
class Run:
    """Everything that changes while a training runs.

    `forward` is the network, compiled if wanted: the same weights. `depth_network` is frozen:
    masks are learnt through it, if there is one. `epoch` counts those that are over,
    `epoch_sums` what the open one has so far; `first_loss` is that of the first step, unweighted.
    """

    network: Network
    forward: Callable[..., Output]
    depth_network: Network | None
    average: Network
    autocast: AbstractContextManager[Any]
    objective: Objective
    optimiser: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    schedule: Schedule
    epoch: int = 0
    step: int = 0
    epoch_sums: EpochSums = dataclasses.field(default_factory=EpochSums)
    first_loss: float | None = None
    best: float = -math.inf
    rows: list[dict[str, float]] = dataclasses.field(default_factory=list)

    def to_state(self) -> dict[str, Any]:
        """What it takes to resume, beside the average's weights: plain data and tensors."""
        return {
            "network": self.network.state_dict(),
            "objective": self.objective.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "schedule": self.schedule.to_state(),
            "epoch": self.epoch,
            "step": self.step,
            "epoch_sums": self.epoch_sums.to_state(),
            "first_loss": self.first_loss,
            "best": self.best,
            "rows": self.rows,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Load what `to_state` gave."""
        check_progress(state, "")
        weights = [each for group in self.optimiser.param_groups for each in group["params"]]
        check_optimiser(state["optimiser"]["state"], weights)
        self.network.load_state_dict(state["network"])
        self.objective.load_state_dict(state["objective"])
        settings = self.optimiser.state_dict()["param_groups"]  # those of the options, not old ones
        kept = {"state": state["optimiser"]["state"], "param_groups": settings}
        self.optimiser.load_state_dict(kept)
        if state["scaler"]:  # none where the run had another precision until now
            self.scaler.load_state_dict(state["scaler"])
        self.schedule.restore(state["schedule"])
        self.epoch, self.step, self.best = state["epoch"], state["step"], state["best"]
        self.epoch_sums, self.first_loss = (
            EpochSums.from_state(state["epoch_sums"]),
            state["first_loss"],
        )
        self.rows = state["rows"]


def begin_run(options: TrainOptions, dataset: Samples, device: torch.device) -> Run:
    """A run at its first step, or as last.pt left it."""
    if device.type == "cpu":
        keep_freed_memory()  # the threads that decode fault for each page that a step gives back
    spec = spec_for(options, dataset)
    network = build_network(spec, pretrained=False if options.resume else options.encoder_weights)
    start = find_start(
        options.start,
        spec.backbone or spec.network,
        pretrained=options.encoder_weights is True,
        input=spec.input,
    )
    if start is not None and not options.resume:
        begin_from(network, start)
    network = network.to(device=device)
    network = network.to(memory_format=torch.channels_last)
    correct_bfloat16_gradients(network)
    network.keep_statistics(options.encoder_weights is not False)
    require_statistics(network, options, options.size_plan(dataset.size).least, find_rank().ranks)
    tasks = {head: options.losses_of(head) for head in HEADS}
    objective = Objective(tasks, options.fixed_weights()).to(device)
    optimiser = build_optimiser(options, parameter_groups(options, network, objective))
    steps = batches_of(len(dataset.split("train")), options.batch_size)
    length, unit = options.whole
    schedule = Schedule(
        rates=options.rate_plan(),
        steps=max(1, round(length * steps)) if unit == "epochs" else None,
        seconds=60 * length if unit == "minutes" else None,
    )
    run = Run(
        network=network,
        forward=torch.compile(network) if options.compile else network,
        depth_network=find_depth_network(options.depth_network, dataset.depth, device),
        average=copy.deepcopy(network).eval(),
        autocast=autocast(device, options.precision),
        objective=objective,
        optimiser=optimiser,
        scaler=torch.amp.GradScaler(device.type, enabled=options.precision == "float16"),
        schedule=schedule,
    )
    if options.resume:
        with _no_other_state(options.out / LAST):
            _restore(run, options)
    schedule.start()
    return run


@contextmanager
def _no_other_state(path: Path) -> Iterator[None]:
    """Whatever a restored state fails with becomes an InputError that names its file."""
    try:
        yield
    except InputError:
        raise
    except (ArithmeticError, LookupError, TypeError, ValueError, AttributeError, RuntimeError) as e:
        raise InputError(
            str(path),
            expected="the state of a training",
            found=f"{type(e).__name__}: {e}".partition("\n")[0],
            remedy="begin a new run, or resume from an intact last.pt",
        ) from None


def _restore(run: Run, options: TrainOptions) -> None:
    path = options.out / LAST
    checkpoint = read_checkpoint(path)
    require_same_course(options, checkpoint.options)
    if checkpoint.training is None or checkpoint.spec != run.network.spec:
        raise InputError(
            str(path),
            expected="the data set that the run was begun with, by its mean and std",
            found=f"{checkpoint.spec}",
            remedy="give the same --shards, or begin a new run",
        )
    run.restore(checkpoint.training)
    run.average.load_state_dict(checkpoint.weights)


def spec_for(options: TrainOptions, dataset: Samples) -> NetworkSpec:
    """The spec of a training: heads by what is wanted and known, moments of the train split."""
    heads = heads_within(options.network, options.heads)
    moments = dataset.stats["splits"]["train"]

    def mean(field: str) -> tuple[float, ...]:
        return tuple(moments[field]["mean"])

    def std(field: str) -> tuple[float, ...]:
        return tuple(max(value, _LEAST_STD) for value in moments[field]["std"])

    return NetworkSpec(
        network=options.network,
        backbone=options.backbone if options.network == "timm" else "",
        heads="mask" if heads == "both" and dataset.depth is None else heads,
        image_mean=mean("image"),
        image_std=std("image"),
        background_mean=mean("background"),
        background_std=std("background"),
        input=options.input,
    )
