"""A run's folder: what may stand in it before, and what is written to it."""

import csv
import io
from pathlib import Path

import numpy as np
from torch.utils.tensorboard import SummaryWriter

from depthmask.pictures import write_curves, write_png
from depthmask.run_card import write_run_card
from depthmask.systems.table import heads_within
from depthmask.train_options import TrainOptions
from depthmask.training_data import TrainingData, name_of, require_same_samples
from shards.errors import InputError
from shards.files import write_atomic

BEST, LAST, STOPPED = "best.pt", "last.pt", "stopped.pt"
CONFIG, METRICS = "config.toml", "metrics.csv"


def check_run_folder(options: TrainOptions, dataset: TrainingData) -> None:
    """Refuse what cannot be trained, or a folder that holds something else, before any work."""
    if len(dataset.split("train")) == 0:
        raise InputError(
            name_of(dataset),
            expected="a train split with samples",
            found="none",
            remedy="build with a smaller --val-fraction",
        )
    if heads_within(options.network, options.heads) == "depth" and dataset.depth is None:
        raise InputError(
            f"a depth network on {name_of(dataset)}",
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
        require_same_samples(options, dataset)
    elif out.exists() and (not out.is_dir() or any(out.iterdir())):
        is_run = (out / CONFIG).exists()
        raise InputError(
            f"--out {out}",
            expected="a new or empty folder",
            found="a run" if is_run else "something else",
            remedy="add --resume to go on with it" if is_run else "name another folder",
        )


def write_metrics(path: Path, rows: list[dict[str, float]]) -> None:
    """Write metrics.csv: a line an epoch, a column for every score that any epoch has."""
    stream = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, stream.getvalue().encode())


def show_epoch(
    out: Path, board: SummaryWriter, rows: list[dict[str, float]], grid: np.ndarray
) -> None:
    """Bring metrics.csv, pictures, the card and TensorBoard up to date with the last row."""
    write_metrics(out / METRICS, rows)
    write_run_card(out / BEST)
    write_curves(out / "curves.png", rows)
    step = int(rows[-1]["step"])
    for name, value in rows[-1].items():
        if name not in ("epoch", "step"):
            board.add_scalar(name, value, step)
    show_grid(out, board, grid, step)


def show_grid(out: Path, board: SummaryWriter, grid: np.ndarray, step: int) -> None:
    """Bring grid.png and TensorBoard's pictures up to date: uint8 (H, W, 3)."""
    write_png(out / "grid.png", grid)
    board.add_image("grid", grid, step, dataformats="HWC")
