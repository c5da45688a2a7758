"""Reading every pixel again: the moments of what a reader decodes, and each mask's area."""

import dataclasses
from collections.abc import Iterable
from functools import cache

from shards.pixels.moments import NOTHING, Moments, moments_of_bytes, moments_of_codes
from shards.reading.dataset import Dataset, Span
from shards.reading.sample import Backgrounds, Sample
from shards.reading.split_sequence import SplitSequence


@dataclasses.dataclass(frozen=True, slots=True)
class Recount:
    """Moments by field, and the foreground's share of each sample's area."""

    sums: dict[str, Moments]
    areas: list[float]


def recount_samples(dataset: SplitSequence, split: str, positions: Iterable[int]) -> Recount:
    """Decode the samples at `positions` of a split and sum what is in them."""
    sums: dict[str, Moments] = {}
    areas = []

    @cache
    def of_shared(backgrounds: Backgrounds, name: str) -> Moments:
        return moments_of_bytes(backgrounds.background(name))

    def of_background(sample: Sample) -> Moments:
        if sample.backgrounds is None:
            return moments_of_bytes(sample.background)
        return of_shared(sample.backgrounds, sample.background_name)

    for position in positions:
        sample = dataset.sample(split, position)
        fields = {
            "image": moments_of_bytes(sample.image),
            "mask": moments_of_bytes(sample.mask),
            "background": of_background(sample),
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
    return recount_samples(Dataset(span.place), span.split, span.positions)
