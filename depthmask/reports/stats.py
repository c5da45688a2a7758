"""`stats`: what a data set holds, as one dictionary and as tables."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shards.base.errors import RunError
from shards.base.keys import BACKGROUND, SPLITS
from shards.checking.recompute import recompute_stats
from shards.reading.concat import AnyDataset
from shards.reading.open import open_dataset
from shards.reading.recount import recount_samples
from shards.records.mixture import mixture_of

_AREA_SAMPLES = 1000

_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def dataset_stats(
    path: Path | Sequence[Path],
    *,
    recompute: bool = False,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
) -> dict[str, Any]:
    """Counts, bytes, sources, mean/std and the distribution of foreground areas of a data set.

    Several data sets are described as the one that is read from them; `left_out` counts the
    samples that are not (see `shards.reading.concat.ConcatDataset`), bytes are those of all their
    files. `recompute` reads every pixel again and raises RunError unless the mean and std come out
    exactly as the build wrote them; without it the areas are those of up to 1,000 samples, evenly
    spread, and `foreground_area.samples` says of how many.
    """
    dataset: AnyDataset = open_dataset(path)
    manifests = [member.manifest for member in dataset.members]
    if recompute:
        stats, areas = recompute_stats(dataset, workers, tick)
        _require_equal(dataset.members[0].path, stats, dataset.stats)
    else:
        areas = _spread_areas(dataset)
    files = [entry for m in manifests for entry in m["shards"] + m["backgrounds"]]
    return {
        "digest": dataset.digest,
        "size": list(dataset.size),
        "samples": len(dataset),
        "left_out": sum(len(member) for member in dataset.members) - len(dataset),
        "splits": {
            split: {
                "samples": len(dataset.split(split)),
                "shards": sum(m["splits"][split]["shards"] for m in manifests),
            }
            for split in SPLITS
        },
        "bytes": {"files": sum(f["bytes"] for f in files), "fields": _bytes_by_field(dataset)},
        "sources": {role: _describe_sources(_sources(manifests, role)) for role in ("fg", "bg")},
        "skipped": [entry for m in manifests for entry in m["skipped"]],
        "mixed": [line for m in manifests for line in mixture_of(m)],
        "teacher": _teacher(manifests),
        "depth": None if dataset.depth is None else dataset.depth.to_json(),
        "stats": dataset.stats,
        "recomputed": recompute,
        "foreground_area": _describe_areas(areas),
    }


def _sources(manifests: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
    """The sources of one data set; of several, each different picture once, with one split.

    Test where it is test in any, else val where it is val in any.
    """
    if len(manifests) == 1:
        sources: list[dict[str, Any]] = manifests[0]["sources"][role]
        return sources
    merged: dict[str, dict[str, Any]] = {}
    for source in (source for m in manifests for source in m["sources"][role]):
        known = merged.setdefault(source["sha256"], source)
        if source["split"] != known["split"]:
            held_out = {source["split"], known["split"]} & {"val", "test"}
            split = min(held_out, default="both")  # test before val
            merged[source["sha256"]] = known | {"split": split}
    return list(merged.values())


def _teacher(manifests: list[dict[str, Any]]) -> dict[str, Any] | None:
    teachers: list[dict[str, Any]] = [
        m["teacher"] | {"layered": m["options"].get("depth_mode") == "layered"}
        for m in manifests
        if m["teacher"]
    ]
    names = list(dict.fromkeys(teacher["name"] for teacher in teachers))
    return teachers[0] | {"name": ", ".join(names)} if teachers else None


def _require_equal(path: Path, found: dict[str, Any], written: dict[str, Any]) -> None:
    if found == written:
        return
    field = next((name for name in written if found.get(name) != written[name]), "a field")
    raise RunError(
        str(path),
        expected=f"mean and std of {field} as the build wrote them",
        found=f"{found.get(field)} instead of {written.get(field)}",
        remedy="delete the damaged shard's files and run the same build-dataset again",
    )


def _spread_areas(dataset: AnyDataset) -> list[float]:
    areas: list[float] = []
    for split in SPLITS:
        count = len(dataset.split(split))
        step = max(1, -(-len(dataset) // _AREA_SAMPLES))
        areas += recount_samples(dataset, split, range(0, count, step)).areas
    return areas


def _describe_areas(areas: list[float]) -> dict[str, Any]:
    values = np.asarray(areas) if areas else np.zeros(1)
    quantiles = np.quantile(values, _QUANTILES).tolist()
    return {
        "samples": len(areas),
        "mean": float(values.mean()),
        "quantiles": {f"{q:g}": value for q, value in zip(_QUANTILES, quantiles, strict=True)},
        "histogram": np.histogram(values, bins=10, range=(0, 1))[0].tolist(),
    }


def _bytes_by_field(dataset: AnyDataset) -> dict[str, int]:
    totals: dict[str, int] = {}
    for member in dataset.members:
        counts = {split: member.manifest["splits"][split]["shards"] for split in SPLITS}
        counts[BACKGROUND] = len(member.manifest["backgrounds"])
        shards = ((split, number) for split, count in counts.items() for number in range(count))
        for split, number in shards:
            for field, size in member.shard(split, number).sizes().items():
                name = f"{BACKGROUND}: {field}" if split == BACKGROUND else field
                totals[name] = totals.get(name, 0) + size
    return totals


def _describe_sources(sources: list[dict[str, Any]]) -> dict[str, Any]:
    widths, heights = ([source["size"][axis] for source in sources] or [0] for axis in (0, 1))
    splits = [source["split"] for source in sources]
    return {
        "count": len(sources),
        "splits": {split: splits.count(split) for split in sorted(set(splits))},
        "width": [min(widths), max(widths)],
        "height": [min(heights), max(heights)],
    }
