"""`stats --recompute`: the moments of a data set from every stored pixel."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from joblib import Parallel, delayed

from shards.base.cores import cores
from shards.base.keys import SPLITS
from shards.pixels.moments import NOTHING, Moments
from shards.reading.recount import recount_span
from shards.records.manifest import largest_values
from shards.records.stats import stats_of_sums

if TYPE_CHECKING:
    from shards.reading.concat import AnyDataset


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
