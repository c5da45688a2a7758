"""What is known of a training after an epoch: a row of metrics.csv."""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from depthmask.inference.evaluation import Scores
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.run import Run

VAL_SAMPLES = 500
TRAIN_SAMPLES = 100
_ON_VAL: dict[str, tuple[str, ...]] = {
    "mask": ("iou", "dice", "mae"),
    "depth": ("rmse", "delta1", "abs_rel"),
}
_ON_TRAIN: dict[str, tuple[str, ...]] = {"mask": ("iou", "dice"), "depth": ("rmse",)}


def positions_to_score(count: int, most: int) -> np.ndarray:
    """Up to `most` of `count` positions, evenly spread."""
    return np.arange(0, count, max(1, -(-count // most)))


def merge_scores(parts: Sequence[Scores]) -> Scores:
    """The scores of some samples from those of their parts, in order."""
    merged = Scores()
    for part, field in itertools.product(parts, dataclasses.fields(Scores)):
        whole, more = getattr(merged, field.name), getattr(part, field.name)
        if isinstance(more, dict):
            for name, values in more.items():
                whole.setdefault(name, []).extend(values)
        else:
            setattr(merged, field.name, whole + more)
    return merged


def describe_epoch(
    run: Run, options: TrainOptions, scores: Scores | None, seen: Scores, rate: float
) -> dict[str, float]:
    """A row of metrics.csv for the epoch that `run.epoch_sums` counts.

    `scores` are those on val, if there is such a split, `seen` those on samples trained on.
    """
    row: dict[str, float] = {
        "epoch": run.epoch + 1,
        "step": run.step,
        "minutes": round(run.schedule.seconds_spent / 60, 3),
        "lr": run.schedule.rate,
    }
    found = {} if scores is None else scores.to_json()
    row |= _some_scores(found, "", _ON_VAL) | _some_scores(seen.to_json(), "train_", _ON_TRAIN)
    means = run.epoch_sums.means()
    row |= {"size": min(run.epoch_sums.size or (0, 0)), "train_loss": means.pop("loss")}
    row |= {f"train_{name}_loss": mean for name, mean in means.items()}
    if options.fixed_weights() is None:
        weights = run.objective.weights()
        row |= {f"{name}_weight": weights[name] for name in means}
    return row | {"images_per_second": rate}


def _some_scores(
    found: dict[str, Any], prefix: str, wanted: dict[str, tuple[str, ...]]
) -> dict[str, float]:
    return {
        f"{prefix}{task}_{name}": found[task][name]
        for task, names in wanted.items()
        for name in names
        if task in found
    }


def selection_score(row: dict[str, float]) -> float:
    """What makes a checkpoint the best: mask IoU less depth RMSE, or what it has of the two.

    IoU alone comes and goes by its noise late in a training, while depth still gets better.
    """
    if "mask_iou" not in row and "depth_rmse" not in row:
        return -row["train_loss"]
    return row.get("mask_iou", 0.0) - row.get("depth_rmse", 0.0)
