"""`train`: steps, epochs, checkpoints; what a run folder holds."""

import copy
import csv
import dataclasses
import io
import math
import time
from typing import Any, Protocol

import numpy as np
import tomli_w
import torch
from torch.utils.tensorboard import SummaryWriter

from depthmask.average import RunningAverage
from depthmask.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from depthmask.data import Batch, SampleSource, train_batches
from depthmask.device import autocast, choose_device
from depthmask.evaluation import in_batches, predictions, score
from depthmask.losses import depth_loss, mask_loss
from depthmask.networks import MaskDepthNet, NetworkSpec
from depthmask.pictures import grid_row, write_curves, write_png
from depthmask.schedule import Schedule
from depthmask.train_options import TrainOptions
from shards.errors import InputError, RunError
from shards.files import write_atomic
from shards.joined import AnyDataset
from shards.keys import sample_key
from shards.reader import open_dataset

BEST, LAST, CONFIG, METRICS = "best.pt", "last.pt", "config.toml", "metrics.csv"
_KEEP = 0.998
_VAL_SAMPLES = 500
_GRID_SAMPLES = 10


class TrainWatcher(Protocol):
    """Who is told how a training goes on."""

    def stepped(self, done: float, loss: float, images_per_second: float) -> None:
        """A step was made; `done` is the share of the schedule."""

    def epoch_ended(self, row: dict[str, float]) -> None:
        """An epoch was evaluated; `row` is its line of metrics.csv."""


class SilentTrainWatcher:
    """A watcher that shows nothing."""

    def stepped(self, done: float, loss: float, images_per_second: float) -> None:
        """Nothing."""

    def epoch_ended(self, row: dict[str, float]) -> None:
        """Nothing."""


@dataclasses.dataclass(slots=True)
class _Run:
    """Everything that changes while a training runs."""

    network: MaskDepthNet
    average: RunningAverage[MaskDepthNet]
    optimiser: torch.optim.AdamW
    schedule: Schedule
    epoch: int = 0
    step: int = 0
    best: float = -math.inf
    rows: list[dict[str, float]] = dataclasses.field(default_factory=list)


def train(options: TrainOptions, watcher: TrainWatcher | None = None) -> dict[str, Any]:
    """The scores of the best epoch, after a training that leaves its run in `options.out`.

    The run folder holds best.pt, last.pt, config.toml, metrics.csv, curves.png, grid.png and
    TensorBoard files. InputError for a folder that holds something else, an unknown backbone, or
    a depth head on a data set without depth; RunError where the loss is no longer finite.
    """
    watch = watcher or SilentTrainWatcher()
    dataset = open_dataset(options.shards)
    _check(options, dataset)
    device = choose_device(options.device)
    torch.manual_seed(options.seed)
    run = _begin(options, dataset, device)
    options.out.mkdir(parents=True, exist_ok=True)
    write_atomic(options.out / CONFIG, tomli_w.dumps(options.to_table()).encode())
    side = options.size or dataset.size
    train_source, val_source = (
        SampleSource(dataset.split(split), side, options.workers) for split in ("train", "val")
    )
    with SummaryWriter(str(options.out)) as board:
        while not run.schedule.over:
            loss, rate = _train_epoch(run, options, train_source, device, watch)
            row = _evaluate_epoch(run, options, dataset, val_source, device)
            row |= {"train_loss": loss, "images_per_second": rate}
            _keep(run, options, dataset, row)
            grid = _grid(run, options, val_source if len(val_source) else train_source, device)
            _show(run, options, board, grid)
            watch.epoch_ended(row)
    return max(run.rows, key=_quality)


def _check(options: TrainOptions, dataset: AnyDataset) -> None:
    if len(dataset.split("train")) == 0:
        raise InputError(
            f"--shards {dataset.members[0].path}",
            expected="a train split with samples",
            found="none",
            remedy="build with a smaller --val-fraction",
        )
    if options.heads == "depth" and dataset.depth is None:
        raise InputError(
            f"--heads depth on {dataset.members[0].path}",
            expected="a data set with depth",
            found="one built with --depth-model none",
            remedy="build it again with a depth model, or train --heads mask",
        )
    out = options.out
    if options.resume:
        if not (out / LAST).exists():
            raise InputError(
                f"--out {out}",
                expected=f"a run to go on with ({LAST})",
                found="none",
                remedy="leave --resume away to begin one",
            )
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        is_run = (out / CONFIG).exists()
        raise InputError(
            f"--out {out}",
            expected="a new or empty folder",
            found="a run" if is_run else "something else",
            remedy="add --resume to go on with it" if is_run else "name another folder",
        )


def _begin(options: TrainOptions, dataset: AnyDataset, device: torch.device) -> _Run:
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
    run = _Run(network, average, optimiser, schedule)
    if options.resume:
        _restore(run, options)
    schedule.start()
    return run


def _usable(std: list[float]) -> tuple[float, ...]:
    """Deviations to divide by: a data set of one grey has none."""
    return tuple(max(value, 1e-3) for value in std)


def _restore(run: _Run, options: TrainOptions) -> None:
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


def _loss(run: _Run, batch: Batch, device: torch.device) -> torch.Tensor:
    with autocast(device):
        output = run.network(batch.image.to(device), batch.background.to(device))
    total = torch.zeros((), device=device)
    if output.mask is not None:
        total = total + mask_loss(output.mask.float(), batch.mask.to(device))
    if output.depth is not None:
        total = total + depth_loss(output.depth.float(), batch.depth.to(device))
    return total


def _train_epoch(
    run: _Run,
    options: TrainOptions,
    source: SampleSource,
    device: torch.device,
    watch: TrainWatcher,
) -> tuple[float, float]:
    """Mean loss and images a second of an epoch, or of what the schedule leaves of it."""
    run.network.train()
    losses: list[float] = []
    begin = time.monotonic()
    batches = train_batches(
        source, seed=options.seed, epoch=run.epoch, batch_size=options.batch_size
    )
    for batch in batches:
        for group in run.optimiser.param_groups:
            group["lr"] = run.schedule.rate
        loss = _loss(run, batch, device)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise _no_longer_finite(batch, run)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
        run.optimiser.step()
        run.average.follow(run.network, run.step)
        run.step += 1
        run.schedule.advance()
        losses.append(value)
        rate = len(losses) * options.batch_size / (time.monotonic() - begin)
        watch.stepped(run.schedule.done, value, rate)
        if run.schedule.over:
            break
    batches.close()
    run.epoch += 1
    return float(np.mean(losses)), rate


def _no_longer_finite(batch: Batch, run: _Run) -> RunError:
    keys = ", ".join(sample_key("train", int(position)) for position in batch.positions)
    return RunError(
        f"step {run.step}",
        expected="a finite loss",
        found=f"none on the batch {keys}",
        remedy="the last epoch's checkpoint is kept; go on with --resume and a smaller --lr",
    )


def _evaluate_epoch(
    run: _Run,
    options: TrainOptions,
    dataset: AnyDataset,
    source: SampleSource,
    device: torch.device,
) -> dict[str, float]:
    """A row of metrics.csv: scores on up to 500 val samples, evenly spread."""
    row: dict[str, float] = {
        "epoch": run.epoch,
        "step": run.step,
        "minutes": round(run.schedule.seconds_spent / 60, 3),
        "lr": run.schedule.rate,
    }
    if len(source) == 0:
        return row
    step = max(1, -(-len(source) // _VAL_SAMPLES))
    positions = in_batches(np.arange(0, len(source), step), options.batch_size)
    network = run.average.network
    scores = score(network, dataset.split("val"), source, positions, device, dataset.depth)
    found = scores.to_json()
    if "mask" in found:
        row |= {f"mask_{name}": found["mask"][name] for name in ("iou", "dice", "mae")}
    if "depth" in found:
        row |= {f"depth_{name}": found["depth"][name] for name in ("rmse", "delta1", "abs_rel")}
    return row


def _quality(row: dict[str, float]) -> float:
    """What makes a checkpoint the best: mask IoU, or depth RMSE where there is no mask."""
    if "mask_iou" in row:
        return row["mask_iou"]
    return -row.get("depth_rmse", row["train_loss"])


def _keep(run: _Run, options: TrainOptions, dataset: AnyDataset, row: dict[str, float]) -> None:
    """Write metrics, last.pt, and best.pt where this epoch is the best so far."""
    run.rows.append(row)
    better = _quality(row) > run.best
    run.best = max(run.best, _quality(row))
    checkpoint = Checkpoint(
        spec=run.network.spec,
        size=options.size or dataset.size,
        coding=dataset.depth if run.network.spec.heads != "mask" else None,
        weights=copy.deepcopy(run.average.network.state_dict()),
        options=options.to_table(),
        scores=dict(row),
        training=None,
    )
    if better:
        save_checkpoint(options.out / BEST, checkpoint)
    training = {
        "network": run.network.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "steps": run.step,
        "seconds": run.schedule.seconds_spent,
        "epoch": run.epoch,
        "best": run.best,
        "rows": run.rows,
    }
    save_checkpoint(options.out / LAST, dataclasses.replace(checkpoint, training=training))
    stream = io.StringIO()
    names = list(dict.fromkeys(name for one in run.rows for name in one))
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    writer.writerows(run.rows)
    write_atomic(options.out / METRICS, stream.getvalue().encode())


def _grid(
    run: _Run, options: TrainOptions, source: SampleSource, device: torch.device
) -> np.ndarray:
    """Composite, background, truth and prediction of ten samples, uint8 (H, W, 3)."""
    count = min(_GRID_SAMPLES, len(source))
    positions = np.linspace(0, len(source) - 1, count).astype(np.int64)
    batch = source.batch(positions)
    mask, depth = predictions(run.average.network, batch, device)
    rows = [
        grid_row(
            batch.image[i].numpy(),
            batch.background[i].numpy(),
            (batch.mask[i, 0].numpy(), None if mask is None else mask[i]),
            (batch.depth[i, 0].numpy(), None if depth is None else depth[i]),
        )
        for i in range(count)
    ]
    return np.concatenate(rows)


def _show(run: _Run, options: TrainOptions, board: SummaryWriter, grid: np.ndarray) -> None:
    """Bring curves.png, grid.png and TensorBoard up to date."""
    write_png(options.out / "grid.png", grid)
    write_curves(options.out / "curves.png", run.rows)
    for name, value in run.rows[-1].items():
        if name not in ("epoch", "step"):
            board.add_scalar(name, value, run.step)
    board.add_image("grid", grid, run.step, dataformats="HWC")
