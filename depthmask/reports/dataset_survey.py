"""One pass over evenly spread samples of a data set: what a report counts and shows."""

import dataclasses
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from shards.base.keys import SPLITS
from shards.reading.dataset import Dataset


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """What `survey_dataset` found.

    `areas` holds the foreground's share of each sample's area by split, `centres` the middles of
    the boxes as shares of the canvas (N, 2), `uses` how many samples show each source by role
    ("fg", "bg"), `depth_codes` how often each depth code occurs, (2^bits,), or None.
    """

    samples: int
    areas: dict[str, list[float]]
    centres: NDArray[np.float64]
    uses: dict[str, Counter[str]]
    depth_codes: NDArray[np.int64] | None


def spread(count: int, wanted: int) -> list[int]:
    """At most `wanted` of the positions [0, count), evenly spread, in order."""
    taken = min(count, wanted)
    return [position * count // taken for position in range(taken)]


def survey_dataset(dataset: Dataset, wanted: int) -> Survey:
    """Count over at most `wanted` samples, each split by its share; all of them if they fit."""
    areas: dict[str, list[float]] = {split: [] for split in SPLITS}
    centres: list[tuple[float, float]] = []
    uses: dict[str, Counter[str]] = {"fg": Counter(), "bg": Counter()}
    codes = None if dataset.depth is None else np.zeros(dataset.depth.largest + 1, np.int64)
    for split in SPLITS:
        count = len(dataset.split(split))
        share = -(-wanted * count // len(dataset))
        for position in spread(count, share):
            sample = dataset.sample(split, position)
            areas[split].append(float(np.mean(sample.mask)) / 255)
            uses["bg"][sample.info["background"]] += 1
            for each in sample.info["objects"]:
                uses["fg"][each["foreground"]] += 1
                centres.append(_centre(each["box"], sample.size))
            if codes is not None:
                codes += np.bincount(sample.depth_codes.ravel(), minlength=codes.size)
    return Survey(
        samples=sum(map(len, areas.values())),
        areas=areas,
        centres=np.asarray(centres).reshape(-1, 2),
        uses=uses,
        depth_codes=codes,
    )


def _centre(box: list[int], size: tuple[int, int]) -> tuple[float, float]:
    x, y, width, height = box
    return (x + width / 2) / size[0], (y + height / 2) / size[1]
