"""Objects that were drawn for a scene and found no free place in it, counted by category.

Samples say how many; the plan says which objects were asked for. So the first samples of each
split of the finished set are looked at, since a plan's order is a random one: few shards are read,
and what is said does not depend on who made which, or when.
"""

import dataclasses
from collections import Counter

from pipeline.planning.plan import Plan
from shards.base.keys import SPLITS
from shards.reading.dataset import Dataset

MANY = 0.2
"""Share of the objects from which on their omission is said."""

_SAMPLES = 500
"""Samples of a split that are looked at: shares of .2 to about .02."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Omission:
    """How many objects of each category a split's samples `asked` for, and how many they lack."""

    split: str
    asked: dict[str, int]
    omitted: dict[str, int]

    @property
    def share(self) -> float:
        """The share of all objects that were left out."""
        return sum(self.omitted.values()) / max(1, sum(self.asked.values()))

    def __str__(self) -> str:
        """A sentence about it for a person; the categories that suffer most come first."""
        shares = {name: count / self.asked[name] for name, count in self.omitted.items()}
        worst = sorted(shares, key=lambda name: (-shares[name], name))[:3]
        which = ", ".join(f"{name} {shares[name]:.0%}" for name in worst)
        return (
            f"{self.share:.0%} of the objects of {self.split} found no free place ({which}): raise "
            "--max-overlap, or lower --objects or --fg-scale"
        )


def count_omissions(plan: Plan, dataset: Dataset) -> tuple[Omission, ...]:
    """The omissions of each split that has samples."""
    return tuple(_count(plan, dataset, split) for split in SPLITS if plan.samples[split])


def _count(plan: Plan, dataset: Dataset, split: str) -> Omission:
    asked: Counter[str] = Counter()
    placed: Counter[str] = Counter()
    for position in range(min(plan.samples[split], _SAMPLES)):
        scene = plan.scene(split, position)
        asked.update(str(plan.fg[each.foreground].category) for each in scene.objects)
        placed.update(each["category"] for each in dataset.sample(split, position).info["objects"])
    return Omission(split=split, asked=dict(sorted(asked.items())), omitted=dict(asked - placed))
