"""Reading every pixel again: the moments of what a reader decodes, and each mask's area."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed

from shards.keys import SPLITS
from shards.manifest import largest_values
from shards.moments import NOTHING, Moments, moments_of_bytes, moments_of_codes
from shards.reader import Dataset


@dataclasses.dataclass(frozen=True, slots=True)
class Recount:
    """Moments by field, and the foreground's share of each sample's area."""

    sums: dict[str, Moments]
    areas: list[float]


def recount_samples(dataset: Dataset, split: str, positions: range) -> Recount:
    """Decode the samples at `positions` of a split and sum what is in them."""
    sums: dict[str, Moments] = {}
    areas = []
    for position in positions:
        sample = dataset.sample(split, position)
        fields = {
            "image": moments_of_bytes(sample.image),
            "mask": moments_of_bytes(sample.mask),
            "background": moments_of_bytes(sample.background),
        }
        if sample.coding is not None:
            fields["depth"] = moments_of_codes(sample.depth_codes)
        for name, moments in fields.items():
            sums[name] = sums.get(name, NOTHING) + moments
        areas.append(float(np.mean(sample.mask)) / 255)
    return Recount(sums, areas)


def _recount_part(path: Path, split: str, positions: range) -> tuple[str, Recount]:
    return split, recount_samples(Dataset(path), split, positions)


def recompute_stats(
    dataset: Dataset, workers: int | None, tick: Callable[[int], None]
) -> tuple[dict[str, Any], list[float]]:
    """The `stats` entry of dataset.json from every stored pixel, and every mask's area.

    `tick(samples)` is called as parts end.
    """
    counts = {split: len(dataset.split(split)) for split in SPLITS}
    per_part: int = dataset.manifest["options"]["samples_per_shard"]
    parts = [
        (split, range(first, min(first + per_part, counts[split])))
        for split in SPLITS
        for first in range(0, counts[split], per_part)
    ]
    run = Parallel(n_jobs=workers or os.cpu_count(), return_as="generator", batch_size=1)
    calls = (delayed(_recount_part)(dataset.path, split, part) for split, part in parts)
    sums: dict[str, dict[str, Moments]] = {split: {} for split in SPLITS}
    areas: list[float] = []
    for split, recount in run(calls):
        tick(len(recount.areas))
        areas += recount.areas
        for field, moments in recount.sums.items():
            sums[split][field] = sums[split].get(field, NOTHING) + moments
    return _as_stats(sums, largest_values(dataset.manifest["depth"])), areas


def _as_stats(sums: dict[str, dict[str, Moments]], largest: dict[str, int]) -> dict[str, Any]:
    def describe(moments: dict[str, Moments]) -> dict[str, Any]:
        return {
            field: {"mean": of_field.mean(largest[field]), "std": of_field.std(largest[field])}
            for field, of_field in moments.items()
        }

    fields = {field for of_split in sums.values() for field in of_split}
    total = {
        field: sum((sums[split].get(field, NOTHING) for split in SPLITS), NOTHING)
        for field in fields
    }
    return describe(total) | {"splits": {split: describe(sums[split]) for split in SPLITS}}
