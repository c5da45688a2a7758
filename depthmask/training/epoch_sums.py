"""Sums over the epoch so far: part of the state that a stopped training resumes from."""

import dataclasses
from typing import Any, Self

from shards.base.size import Size


@dataclasses.dataclass(slots=True)
class EpochSums:
    """Steps and samples of an epoch at pictures of `size` (width, height); sums of the losses.

    A fresh one has no size: its epoch has not begun.
    """

    size: Size | None = None
    steps: int = 0
    samples: int = 0
    sums: dict[str, float] = dataclasses.field(default_factory=dict)

    def add(self, samples: int, losses: dict[str, float]) -> None:
        """Count a step over `samples` samples with these losses."""
        self.steps += 1
        self.samples += samples
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0.0) + loss

    def means(self) -> dict[str, float]:
        """The mean losses of the steps."""
        return {name: total / self.steps for name, total in self.sums.items()}

    def to_state(self) -> dict[str, Any]:
        """{"size", "steps", "samples", "sums"}."""
        return dataclasses.asdict(self) | {"size": self.size and list(self.size)}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """The inverse of `to_state`."""
        return cls(**(state | {"size": state["size"] and tuple(state["size"])}))
