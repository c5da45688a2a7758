"""The objects of a sample that others get a label for: those of which a pixel is seen."""

import dataclasses
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.cutout import tight_box
from shards.base.errors import RunError
from shards.reading.sample import Sample
from shards.reading.sample_object import Box, SampleObject


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SeenObject:
    """An object with its pixels bool (H, W), and the box around them.

    `number` is its value in `instances`, `category` the id of its category.
    """

    number: int
    category: int
    facts: SampleObject
    pixels: NDArray[np.bool_]
    box: Box


def seen_objects(sample: Sample, categories: Mapping[str, int]) -> list[SeenObject]:
    """The objects of a sample that are not wholly hidden, in the order of `sample.objects`.

    RunError where pixels or categories are none that the data set knows.
    """
    instances = sample.instances
    _require_known(sample, categories)
    seen = []
    for number, facts in enumerate(sample.objects, 1):
        pixels = instances == number
        box = tight_box(pixels)
        if not box[2]:
            continue
        seen.append(
            SeenObject(
                number=number,
                category=categories[facts.category],
                facts=facts,
                pixels=pixels,
                box=box,
            )
        )
    return seen


def _require_known(sample: Sample, categories: Mapping[str, int]) -> None:
    found = int(sample.instances.max(initial=0))
    strange = [each.category for each in sample.objects if each.category not in categories]
    if found <= len(sample.objects) and not strange:
        return
    raise RunError(
        sample.key,
        expected=f"pixels of its {len(sample.objects)} objects, of categories in plan.json",
        found=f"the category {strange[0]}" if strange else f"pixels of object {found}",
        remedy="see `depthmask verify --deep`; --repair makes damaged shards again",
    )
