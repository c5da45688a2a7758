"""Mean and standard deviation of a data set from the sums of its splits' fields."""

from typing import Any

from shards.base.keys import SPLITS
from shards.pixels.moments import NOTHING, Moments


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
