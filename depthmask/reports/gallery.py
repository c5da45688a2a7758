"""The gallery of a data set's report: which samples it shows, their pictures, colours of depth."""

import dataclasses
import shlex
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthmask.reports.dataset_survey import spread
from depthmask.reports.embedded_pictures import (
    depth_palette,
    embed_depth,
    embed_image,
    embed_mask,
    embed_overlay,
)
from depthmask.reports.object_marks import object_marks
from shards.base.keys import SPLITS
from shards.pixels.depth_coding import DepthCoding
from shards.reading.dataset import Dataset
from shards.reading.sample import Sample

_COLOUR_STEPS = 16


@dataclasses.dataclass(frozen=True, slots=True)
class ColourScale:
    """The depth values that get the first and the last colour, and which of them are near."""

    low: float
    high: float
    near_is_high: bool

    def colour_of(self, value: float) -> str:
        """The colour of a depth value as "#rrggbb"."""
        share = min(max((value - self.low) / max(self.high - self.low, 1e-12), 0), 1)
        index = 3 * round(share * 255)
        return "#" + depth_palette(self.near_is_high)[index : index + 3].hex()

    def steps(self) -> list[str]:
        """Colours from low to high, for a legend."""
        span = self.high - self.low
        return [
            self.colour_of(self.low + span * step / (_COLOUR_STEPS - 1))
            for step in range(_COLOUR_STEPS)
        ]


def choose_samples(dataset: Dataset, wanted: int) -> list[Sample]:
    """Up to `wanted` samples, evenly spread over all splits: as many of each as it has."""
    counts = {split: len(dataset.split(split)) for split in SPLITS}
    shares: dict[str, int] = {}
    left = wanted
    smallest_first = sorted(SPLITS, key=lambda split: (counts[split], SPLITS.index(split)))
    for behind, split in enumerate(smallest_first):
        shares[split] = min(counts[split], left // (len(SPLITS) - behind))
        left -= shares[split]
    return [
        dataset.sample(split, position)
        for split in SPLITS
        for position in spread(counts[split], shares[split])
    ]


def gallery_card(
    sample: Sample, name: str, scale: ColourScale | None, categories: dict[str, int]
) -> dict[str, Any]:
    """What the template shows of one sample of the data set in the folder `name`."""
    card = {
        "key": sample.key,
        "info": sample.info,
        "image": embed_image(sample.image),
        "mask": embed_mask(sample.mask),
        "overlay": embed_overlay(sample.mask),
        "marks": object_marks(sample, categories),
        "categories": sorted({each.category for each in sample.objects}),
        "depth": None,
        "render": [
            shlex.join(["depthmask", "render", name, sample.split, str(sample.position)]),
            "--out sample",
        ],
    }
    if scale is not None and sample.coding is not None:
        card["depth"] = embed_depth(sample.depth, sample.coding, scale.low, scale.high)
    return card


def colour_scale(coding: DepthCoding | None, codes: NDArray[np.int64] | None) -> ColourScale | None:
    """The colours of a data set's depth, over all but its outermost values; None without depth.

    `codes` says how often each depth code occurs, (2^bits,).
    """
    if coding is None or codes is None:
        return None
    low, high = (_depth_quantile(codes, coding, share) for share in (0.005, 0.995))
    return ColourScale(low, high, coding.kind == "inverse")


def _depth_quantile(codes: NDArray[np.int64], coding: DepthCoding, share: float) -> float:
    """The depth value below which `share` of the counted pixels lie."""
    below = np.cumsum(codes)
    code = int(np.searchsorted(below, share * below[-1]))
    return coding.offset + coding.scale * min(code, coding.largest)
