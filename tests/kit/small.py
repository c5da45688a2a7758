"""Pictures, builds and trainings that take about a second, for any test."""

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from depthmask.recipes.train_options import TrainOptions
from pipeline.planning.options import BuildOptions
from shards.records.manifest import LOG

OUTSIDE = (5, 4)
"""How many foregrounds and backgrounds `sources` has."""


def draw_foreground(seed: int) -> Image.Image:
    """A soft-edged coloured ellipse with stripes, RGBA, on a transparent canvas."""
    rng = np.random.default_rng(seed)
    width, height = rng.integers(40, 120, 2)
    y, x = np.mgrid[:height, :width]
    radius = np.hypot((x - width / 2) / (width * 0.4), (y - height / 2) / (height * 0.4))
    alpha = np.clip((1.1 - radius) / 0.2, 0, 1) * 255
    stripes = rng.integers(60, 255, 3)[None, None] * (0.6 + 0.4 * np.sin(x / 5 + seed)[..., None])
    pixels = np.dstack([stripes, alpha]).astype(np.uint8)  # (H, W, 4)
    return Image.fromarray(pixels)


def draw_background(seed: int) -> Image.Image:
    """A noisy two-colour gradient, RGB, of varied proportions."""
    rng = np.random.default_rng(1000 + seed)
    width, height = rng.integers(80, 160, 2)
    top, bottom = rng.integers(0, 255, (2, 3))
    ramp = np.linspace(0, 1, height)[:, None, None]
    pixels = top * (1 - ramp) + bottom * ramp + rng.normal(0, 6, (height, width, 3))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def small_options(sources: Path, out: Path, **changes: object) -> BuildOptions:
    """Options of a build that takes about a second."""
    options: dict[str, object] = {
        "fg": sources / "fg",
        "bg": sources / "bg",
        "out": out,
        "size": 64,
        "samples": 120,
        "samples_per_shard": 25,
        "val_fraction": 0.25,
        "depth_model": "none",
        "workers": 1,
    }
    return BuildOptions(**(options | changes))  # type: ignore[arg-type]


def files_of(folder: Path) -> dict[str, bytes]:
    """Every file of a data set but the log."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != LOG}


def small_training(shards: Path, out: Path, **changes: object) -> TrainOptions:
    """Options of a training that takes some seconds."""
    options: dict[str, object] = {
        "shards": shards,
        "out": out,
        "backbone": "mobilenetv3_small_050",
        "pretrained": False,
        "size": 32,
        "epochs": 2,
        "batch_size": 9,
        "workers": 1,
        "device": "cpu",
    }
    return TrainOptions(**(options | changes))  # type: ignore[arg-type]


def metrics_of(run: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv."""
    return list(csv.DictReader((run / "metrics.csv").read_text().splitlines()))
