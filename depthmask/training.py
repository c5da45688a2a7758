"""`train`: steps, epochs, checkpoints."""

import copy
import dataclasses
import time
from typing import Any

import numpy as np
import tomli_w
import torch
from torch.utils.tensorboard import SummaryWriter

from depthmask.checkpoint import Checkpoint, save_checkpoint
from depthmask.data import SampleSource, train_batches
from depthmask.device import choose_device
from depthmask.evaluation import in_batches, predictions, score
from depthmask.pictures import grid_row
from depthmask.run import Run, begin_run
from depthmask.run_folder import BEST, CONFIG, LAST, check_run_folder, show_epoch
from depthmask.sizes import SizePlan
from depthmask.step import take_step
from depthmask.train_options import TrainOptions
from depthmask.train_watcher import SilentTrainWatcher, TrainWatcher
from shards.files import write_atomic
from shards.joined import AnyDataset
from shards.reader import open_dataset

_VAL_SAMPLES = 500
_GRID_SAMPLES = 10


def train(options: TrainOptions, watcher: TrainWatcher | None = None) -> dict[str, Any]:
    """The scores of the best epoch, after a training that leaves its run in `options.out`.

    The run folder holds best.pt, last.pt, config.toml, metrics.csv, curves.png, grid.png and
    TensorBoard files. InputError for a folder that holds something else, an unknown backbone, or
    a depth head on a data set without depth; RunError where the loss is no longer finite.
    """
    watch = watcher or SilentTrainWatcher()
    dataset = open_dataset(options.shards)
    check_run_folder(options, dataset)
    device = choose_device(options.device)
    torch.manual_seed(options.seed)
    run = begin_run(options, dataset, device)
    options.out.mkdir(parents=True, exist_ok=True)
    write_atomic(options.out / CONFIG, tomli_w.dumps(options.to_table()).encode())
    sizes = options.size_plan(dataset.size)
    val_source = SampleSource(dataset.split("val"), sizes.last, options.workers)
    side = 0
    with SummaryWriter(str(options.out)) as board:
        while not run.schedule.over:
            if side != sizes.at(run.schedule.done):
                side = sizes.at(run.schedule.done)
                train_source = SampleSource(dataset.split("train"), side, options.workers)
            trained = _train_epoch(run, options, train_source, sizes, device, watch)
            row = _evaluate_epoch(run, options, dataset, val_source, device) | trained
            _keep(run, options, dataset, row)
            grid = _grid(run, val_source if len(val_source) else train_source, device)
            show_epoch(options.out, board, run.rows, grid)
            watch.epoch_ended(row)
    return max(run.rows, key=_quality)


def _train_epoch(
    run: Run,
    options: TrainOptions,
    source: SampleSource,
    sizes: SizePlan,
    device: torch.device,
    watch: TrainWatcher,
) -> dict[str, float]:
    """Mean losses and images a second of an epoch, or of what schedule and size leave of it."""
    run.network.train()
    losses: list[dict[str, float]] = []
    begin = ended = time.monotonic()
    waited = 0.0
    batches = train_batches(
        source, seed=options.seed, epoch=run.epoch, batch_size=options.batch_size
    )
    for batch in batches:
        waited += time.monotonic() - ended
        run.network.rest_encoder(options.pretrained and run.step < options.encoder_rests)
        losses.append(take_step(run, batch, options, device))
        ended = time.monotonic()
        rate = len(losses) * options.batch_size / (ended - begin)
        watch.stepped(run.schedule.done, losses[-1]["loss"], rate, waited / (ended - begin))
        if run.schedule.over or sizes.at(run.schedule.done) != source.side:
            break
    batches.close()
    run.epoch += 1
    means = {name: float(np.mean([step[name] for step in losses])) for name in losses[0]}
    row = {"size": source.side, "train_loss": means.pop("loss")}
    row |= {f"train_{name}_loss": mean for name, mean in means.items()}
    if options.fixed_weights() is None:
        weights = run.objective.weights()
        row |= {f"{name}_weight": weights[name] for name in means}
    return row | {"images_per_second": rate}


def _evaluate_epoch(
    run: Run,
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


def _keep(run: Run, options: TrainOptions, dataset: AnyDataset, row: dict[str, float]) -> None:
    """Write last.pt, and best.pt where this epoch is the best so far."""
    run.rows.append(row)
    better = _quality(row) > run.best
    run.best = max(run.best, _quality(row))
    run.schedule.end_epoch(_quality(row))
    checkpoint = Checkpoint(
        spec=run.network.spec,
        size=options.size_plan(dataset.size).last,
        coding=dataset.depth if run.network.spec.heads != "mask" else None,
        weights=copy.deepcopy(run.average.network.state_dict()),
        options=options.to_table(),
        scores=dict(row),
        training=None,
    )
    if better:
        save_checkpoint(options.out / BEST, checkpoint)
    save_checkpoint(options.out / LAST, dataclasses.replace(checkpoint, training=run.to_state()))


def _grid(run: Run, source: SampleSource, device: torch.device) -> np.ndarray:
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
