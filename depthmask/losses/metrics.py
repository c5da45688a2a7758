"""Metrics of masks and depth as sums that merge: any batching and order gives the same figures.

IoU at 0.5 = |p and t| / |p or t| an image, then averaged (1 where both are empty). Where there are
negatives, images whose target is 0 everywhere, the share of them that is left empty stands beside.
Dice = (2 sum pt + 1e-6) / (sum p + sum t + 1e-6) an image, on probabilities; 1 where the target is
0 everywhere and nothing is predicted above 0.5. MAE over pixels.
Depth in [0, 1] of the code range: RMSE over all pixels and the targets' std beside it; IoU at 0.5
and Dice as for masks. Delta1, AbsRel and log10 on max(value, 1e-3) of the stored kind and unit.
"""

import dataclasses
import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_EPSILON = 1e-6
_FLOOR = 1e-3
Maps = NDArray[np.float32]


def image_iou(predicted: Maps, target: Maps) -> NDArray[np.float64]:
    """IoU at 0.5 of each image: (B, H, W) in [0, 1] twice -> (B,)."""
    p, t = predicted > 0.5, target > 0.5
    union = (p | t).sum((1, 2))
    overlap = (p & t).sum((1, 2))
    iou: NDArray[np.float64] = np.where(union == 0, 1.0, overlap / np.maximum(union, 1))
    return iou


def image_dice(predicted: Maps, target: Maps) -> NDArray[np.float64]:
    """Soft Dice of each image: (B, H, W) in [0, 1] twice -> (B,).

    1 where both are empty: a network's probabilities are never quite 0, so empty means none
    above 0.5.
    """
    p, t = predicted.astype(np.float64), target.astype(np.float64)
    overlap = 2 * (p * t).sum((1, 2)) + _EPSILON
    dice: NDArray[np.float64] = overlap / (p.sum((1, 2)) + t.sum((1, 2)) + _EPSILON)
    dice[is_empty(target) & ~(predicted > 0.5).any((1, 2))] = 1.0
    return dice


def is_empty(target: Maps) -> NDArray[np.bool_]:
    """Which of the targets (B, H, W) hold nothing at all: (B,)."""
    empty: NDArray[np.bool_] = np.equal(target.max((1, 2)), 0)
    return empty


@dataclasses.dataclass(slots=True)
class Sums:
    """Named sums; adding two of them adds each name."""

    values: dict[str, float] = dataclasses.field(default_factory=dict)

    def add(self, **amounts: float) -> None:
        """Add to the sums of these names."""
        for name, amount in amounts.items():
            self.values[name] = self.values.get(name, 0.0) + float(amount)

    def __add__(self, other: "Sums") -> "Sums":
        merged = Sums(dict(self.values))
        merged.add(**other.values)
        return merged

    def mean(self, name: str, count: str) -> float:
        """Sum `name` over sum `count`."""
        return self.values[name] / self.values[count]


def mask_sums(predicted: Maps, target: Maps) -> Sums:
    """Sums for masks (B, H, W) in [0, 1]."""
    sums, iou, empty = Sums(), image_iou(predicted, target), is_empty(target)
    sums.add(
        images=len(predicted),
        negatives=empty.sum(),
        left_empty=iou[empty].sum(),
        iou=iou.sum(),
        dice=image_dice(predicted, target).sum(),
        pixels=predicted.size,
        error=np.abs(predicted - target).sum(dtype=np.float64),
    )
    return sums


def depth_sums(predicted: Maps, target: Maps, low: float, high: float) -> Sums:
    """Sums for depth maps (B, H, W) in [0, 1] that stand for values from `low` to `high`."""
    difference = predicted.astype(np.float64) - target
    p = np.maximum(low + (high - low) * predicted.astype(np.float64), _FLOOR)
    t = np.maximum(low + (high - low) * target.astype(np.float64), _FLOOR)
    sums = Sums()
    sums.add(
        images=len(predicted),
        pixels=predicted.size,
        squares=(difference**2).sum(),
        target=target.sum(dtype=np.float64),
        target_squares=(target.astype(np.float64) ** 2).sum(),
        within=(np.maximum(p / t, t / p) < 1.25).sum(),
        relative=(np.abs(p - t) / t).sum(),
        decades=np.abs(np.log10(p) - np.log10(t)).sum(),
        iou=image_iou(predicted, target).sum(),
        dice=image_dice(predicted, target).sum(),
    )
    return sums


def mask_scores(sums: Sums) -> dict[str, Any]:
    """{"iou", "dice", "mae"}; with negatives also {"negatives", "left_empty"}, count and share."""
    found = {
        "iou": sums.mean("iou", "images"),
        "dice": sums.mean("dice", "images"),
        "mae": sums.mean("error", "pixels"),
    }
    if sums.values["negatives"]:
        found["negatives"] = int(sums.values["negatives"])
        found["left_empty"] = sums.mean("left_empty", "negatives")
    return found


def depth_scores(sums: Sums) -> dict[str, Any]:
    """{"rmse", "std", "delta1", "abs_rel", "log10", "iou50", "dice"}."""
    mean = sums.mean("target", "pixels")
    variance = max(0.0, sums.mean("target_squares", "pixels") - mean**2)
    return {
        "rmse": math.sqrt(sums.mean("squares", "pixels")),
        "std": math.sqrt(variance),
        "delta1": sums.mean("within", "pixels"),
        "abs_rel": sums.mean("relative", "pixels"),
        "log10": sums.mean("decades", "pixels"),
        "iou50": sums.mean("iou", "images"),
        "dice": sums.mean("dice", "images"),
    }
