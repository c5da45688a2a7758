"""`train`: steps, epochs, checkpoints."""

import copy
import dataclasses
import math
import time
from typing import Any

import numpy as np
import tomli_w
import torch
from torch.utils.tensorboard import SummaryWriter

from depthmask.augmentation import Batch
from depthmask.checkpoint import Checkpoint, save_checkpoint
from depthmask.data import SampleSource, train_batches
from depthmask.device import autocast, choose_device
from depthmask.evaluation import in_batches, predictions, score
from depthmask.losses import depth_loss, mask_loss
from depthmask.pictures import grid_row
from depthmask.run import Run, begin_run
from depthmask.run_folder import BEST, CONFIG, LAST, check_run_folder, show_epoch
from depthmask.train_options import TrainOptions
from depthmask.train_watcher import SilentTrainWatcher, TrainWatcher
from shards.errors import RunError
from shards.files import write_atomic
from shards.joined import AnyDataset
from shards.keys import sample_key
from shards.reader import open_dataset

_ENCODER_RESTS = 2000
"""Steps before a pretrained encoder learns too: until then the new layers' steps are faster."""

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
            grid = _grid(run, val_source if len(val_source) else train_source, device)
            show_epoch(options.out, board, run.rows, grid)
            watch.epoch_ended(row)
    return max(run.rows, key=_quality)


def _loss(run: Run, batch: Batch, device: torch.device) -> torch.Tensor:
    with autocast(device):
        output = run.network(batch.image.to(device), batch.background.to(device))
    total = torch.zeros((), device=device)
    if output.mask is not None:
        total = total + mask_loss(output.mask.float(), batch.mask.to(device))
    known = batch.depth_known.to(device)
    if output.depth is not None and bool(known.any()):
        target = batch.depth.to(device)[known]
        total = total + depth_loss(output.depth.float()[known], target)
    return total


def _train_epoch(
    run: Run,
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
        run.network.encoder_learns = not options.pretrained or run.step >= _ENCODER_RESTS
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


def _no_longer_finite(batch: Batch, run: Run) -> RunError:
    keys = ", ".join(sample_key("train", int(position)) for position in batch.positions)
    return RunError(
        f"step {run.step}",
        expected="a finite loss",
        found=f"none on the batch {keys}",
        remedy="the last epoch's checkpoint is kept; go on with --resume and a smaller --lr",
    )


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
