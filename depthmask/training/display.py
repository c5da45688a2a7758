"""What a run shows of itself while it trains: TensorBoard, pictures, curves, scores, its card."""

import csv
import io
from pathlib import Path

import numpy as np
import torch
from torch.utils.tensorboard import SummaryWriter

from depthmask.data.batches import DecodedSamples
from depthmask.inference.evaluation import predictions
from depthmask.inference.run_card import write_run_card
from depthmask.inference.sheets import draw_sheet
from depthmask.models.checkpoint import BEST
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.run import Run
from depthmask.training.run_folder import METRICS
from shards.base.files import write_atomic
from shards.pixels.picture_files import write_png

_NO_CURVE = {"epoch", "step", "minutes", "lr", "images_per_second", "size"}

_SHOWN_STEPS = 10
"""TensorBoard gets the losses of every so many steps."""

_GRID_SAMPLES = 10


class Display:
    """The files of a run's folder that are looked at; the leading rank has one."""

    def __init__(self, options: TrainOptions, device: torch.device, begin: int) -> None:
        """`begin` is the step that the run resumes from: TensorBoard drops what came after it."""
        self._out, self._grid_every = options.out, options.grid_every
        self._device, self._precision = device, options.precision
        self._board = SummaryWriter(
            str(options.out), purge_step=begin + 1 if options.resume else None
        )

    def show_step(self, run: Run, losses: dict[str, float], samples: DecodedSamples) -> None:
        """Give TensorBoard the losses of every tenth step, and pictures as often as wanted."""
        if run.step % _SHOWN_STEPS == 0:
            for name, loss in losses.items():
                self._board.add_scalar(f"step/{name}", loss, run.step)
            self._board.add_scalar("step/lr", run.schedule.rate, run.step)
        if self._grid_every is not None and run.step % self._grid_every == 0:
            self._show_grid(run, samples)

    def show_epoch(self, run: Run, samples: DecodedSamples) -> None:
        """Bring metrics.csv, pictures, the card and TensorBoard up to date with the last row."""
        _write_metrics(self._out / METRICS, run.rows)
        write_run_card(self._out / BEST)
        write_curves(self._out / "curves.png", run.rows)
        for name, value in run.rows[-1].items():
            if name not in ("epoch", "step"):
                self._board.add_scalar(name, value, run.step)
        self._show_grid(run, samples)

    def close(self) -> None:
        """End TensorBoard's file."""
        self._board.close()

    def _show_grid(self, run: Run, samples: DecodedSamples) -> None:
        grid = _draw_grid(run, samples, self._device, self._precision)
        write_png(self._out / "grid.png", grid)
        self._board.add_image("grid", grid, run.step, dataformats="HWC")


def _write_metrics(path: Path, rows: list[dict[str, float]]) -> None:
    """Write metrics.csv: a line an epoch, a column for every score that any epoch has."""
    stream = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(stream, names)
    writer.writeheader()
    writer.writerows(rows)
    write_atomic(path, stream.getvalue().encode())


def _draw_grid(
    run: Run, samples: DecodedSamples, device: torch.device, precision: str
) -> np.ndarray:
    """Composite, background, truth and prediction of ten samples, uint8 (H, W, 3)."""
    count = min(_GRID_SAMPLES, len(samples))
    batch = samples.batch(np.linspace(0, len(samples) - 1, count).astype(np.int64))
    mask, depth = predictions(run.average, batch, device, precision)
    return draw_sheet(batch, mask, depth)


def write_curves(path: Path, rows: list[dict[str, float]]) -> None:
    """Draw each column of metrics.csv over epochs, losses apart from scores."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    left, right = figure.subplots(1, 2)
    epochs = [row["epoch"] for row in rows]
    for name in rows[-1]:
        if name in _NO_CURVE:
            continue
        axes = left if "loss" in name else right
        style = ":" if name.startswith("train_") and axes is right else "-"
        values = [row.get(name, float("nan")) for row in rows]
        axes.plot(epochs, values, linestyle=style, marker=".", label=name)
    for axes, title in ((left, "losses"), (right, "scores")):
        axes.set(xlabel="epoch", title=title)
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend()
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=100)
    write_atomic(path, stream.getvalue())
