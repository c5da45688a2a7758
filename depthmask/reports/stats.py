"""`stats`: what a data set holds, as one dictionary and as tables."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from depthmask.reports.object_counts import count_objects, describe_shares
from shards.base.errors import RunError
from shards.base.keys import BACKGROUND, SPLITS
from shards.checking.recompute import recompute_stats
from shards.reading.concat import AnyDataset
from shards.reading.open import open_dataset
from shards.reading.recount import recount_samples
from shards.reading.sample import Sample
from shards.records.mixture import mixture_of
from shards.records.source_identity import identity_of

_AREA_SAMPLES = 1000
_OBJECT_SAMPLES = 10_000
"""Of which objects are counted: only their json is read, so there can be more of them."""


def dataset_stats(
    path: Path | Sequence[Path],
    *,
    recompute: bool = False,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
) -> dict[str, Any]:
    """Counts, bytes, sources, mean/std, areas of foregrounds and objects of a data set.

    Several data sets are described as the one that is read from them; `left_out` counts the
    samples that are not (see `shards.reading.concat.ConcatDataset`), bytes are those of all their
    files. `recompute` reads every pixel again and raises RunError unless the mean and std come out
    exactly as the build wrote them; without it the areas are those of up to 1,000 samples and the
    objects those of up to 10,000, evenly spread, and `samples` of each says of how many.
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
        "foreground_area": {"samples": len(areas)} | (describe_shares(areas) or {}),
        "objects": count_objects(
            _spread(dataset, len(dataset) if recompute else _OBJECT_SAMPLES), dataset.categories
        ),
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
        identity = identity_of(source)
        known = merged.setdefault(identity, source)
        if source["split"] != known["split"]:
            held_out = {source["split"], known["split"]} & {"val", "test"}
            split = min(held_out, default="both")  # test before val
            merged[identity] = known | {"split": split}
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
        areas += recount_samples(dataset, split, _positions(dataset, split, _AREA_SAMPLES)).areas
    return areas


def _spread(dataset: AnyDataset, most: int) -> Iterator[Sample]:
    """Up to `most` samples, evenly spread over all splits."""
    for split in SPLITS:
        for position in _positions(dataset, split, most):
            yield dataset.sample(split, position)


def _positions(dataset: AnyDataset, split: str, most: int) -> range:
    """The positions of a split that are looked at, where at most so many of all splits are."""
    return range(0, len(dataset.split(split)), max(1, -(-len(dataset) // most)))


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
