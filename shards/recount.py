"""Reading every pixel again: the moments of what a reader decodes, and each mask's area."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed

from shards.cores import cores
from shards.keys import SPLITS
from shards.manifest import largest_values
from shards.moments import NOTHING, Moments, moments_of_bytes, moments_of_codes
from shards.reader import Dataset, Span
from shards.shared import OncePerArray

if TYPE_CHECKING:
    from shards.joined import AnyDataset


@dataclasses.dataclass(frozen=True, slots=True)
class Recount:
    """Moments by field, and the foreground's share of each sample's area."""

    sums: dict[str, Moments]
    areas: list[float]


def recount_samples(dataset: "AnyDataset", split: str, positions: Iterable[int]) -> Recount:
    """Decode the samples at `positions` of a split and sum what is in them."""
    sums: dict[str, Moments] = {}
    areas = []
    of_background = OncePerArray(moments_of_bytes)
    for position in positions:
        sample = dataset.sample(split, position)
        fields = {
            "image": moments_of_bytes(sample.image),
            "mask": moments_of_bytes(sample.mask),
            "background": of_background(sample.shared_background),
        }
        if sample.coding is not None:
            fields["depth"] = moments_of_codes(sample.depth_codes)
        for name, moments in fields.items():
            sums[name] = sums.get(name, NOTHING) + moments
        ((count, total, _),) = fields["mask"].channels
        areas.append(total / count / 255)
    return Recount(sums, areas)


def recount_span(span: Span) -> Recount:
    """The same of some samples of one shard, for a worker process."""
    return recount_samples(Dataset(span.path), span.split, span.positions)


def recompute_stats(
    dataset: "AnyDataset", workers: int | None, tick: Callable[[int], None]
) -> tuple[dict[str, Any], list[float]]:
    """The `stats` entry of dataset.json from every stored pixel, and every mask's area.

    `tick(samples)` is called as parts end.
    """
    run = Parallel(n_jobs=workers or cores(), return_as="generator", batch_size=1)
    spans = list(dataset.spans())
    sums: dict[str, dict[str, Moments]] = {split: {} for split in SPLITS}
    areas: list[float] = []
    for span, recount in zip(spans, run(delayed(recount_span)(s) for s in spans), strict=True):
        tick(len(recount.areas))
        areas += recount.areas
        of_split = sums[span.split]
        for field, moments in recount.sums.items():
            of_split[field] = of_split.get(field, NOTHING) + moments
    depth = None if dataset.depth is None else dataset.depth.to_json()
    return stats_of_sums(sums, largest_values(depth)), areas


def stats_of_sums(sums: dict[str, dict[str, Moments]], largest: dict[str, int]) -> dict[str, Any]:
    """The `stats` entry of dataset.json from the sums of each split's fields."""

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
