"""What the objects of some samples are like, counted from the samples' json alone."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from shards.reading.sample import Sample

_SIZES = (("small", 32**2), ("medium", 96**2))
"""COCO's classes: an object is the first whose area in pixels it stays below, or large."""

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def count_objects(samples: Iterable[Sample], categories: Mapping[str, int]) -> dict[str, Any]:
    """Objects by number in a sample, category, size, visible share, truncation and blend.

    `samples` says of how many samples; area is a share of the picture, and of what is seen.
    """
    numbers: Counter[int] = Counter()
    objects: Counter[str] = Counter()
    showing: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    blends: Counter[str] = Counter()
    places: Counter[str] = Counter()
    areas: list[float] = []
    visible: list[float] = []
    truncation: list[float] = []
    omitted = distractors = 0
    for sample in samples:
        width, height = sample.size
        numbers[len(sample.objects)] += 1
        places[sample.info["place"]] += 1
        omitted += sample.info["omitted"]
        distractors += len(sample.info["distractors"])
        showing.update({each.category for each in sample.objects})
        for each in sample.objects:
            objects[each.category] += 1
            sizes[size_class(each.area)] += 1
            blends[each.blend] += 1
            areas.append(each.area / (width * height))
            visible.append(each.visible)
            truncation.append(each.truncation)
    return {
        "samples": numbers.total(),
        "objects": objects.total(),
        "per_sample": {str(number): numbers[number] for number in sorted(numbers)},
        "omitted": omitted,
        "distractors": distractors,
        "categories": {
            name: {"id": number, "objects": objects[name], "samples": showing[name]}
            for name, number in categories.items()
        },
        "sizes": {name: sizes[name] for name in ("hidden", "small", "medium", "large")},
        "area": describe_shares(areas),
        "visible": describe_shares(visible),
        "truncation": describe_shares(truncation),
        "truncated": sum(share > 0 for share in truncation),
        "blends": dict(sorted(blends.items())),
        "places": dict(sorted(places.items())),
    }


def size_class(area: int) -> str:
    """COCO's word for an object of so many pixels; "hidden" where it has none."""
    if not area:
        return "hidden"
    return next((name for name, bound in _SIZES if area < bound), "large")


def describe_shares(values: Sequence[float]) -> dict[str, Any] | None:
    """Mean, quantiles and a histogram of shares in [0, 1]; None where there are none."""
    if not values:
        return None
    quantiles = np.quantile(values, QUANTILES).tolist()
    return {
        "mean": float(np.mean(values)),
        "quantiles": {f"{q:g}": value for q, value in zip(QUANTILES, quantiles, strict=True)},
        "histogram": np.histogram(values, bins=10, range=(0, 1))[0].tolist(),
    }
