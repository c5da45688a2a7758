"""Progress of a training, by steps or by the clock, and the learning rate that goes with it."""

import dataclasses
import math
import time
from typing import Any

from depthmask.recipes.rates import RatePlan
from shards.base.errors import InputError

_BETTER = 1e-4
"""How much better than ever before a score must be to count as better."""


@dataclasses.dataclass(slots=True)
class Plateau:
    """How often, and how long by now, epochs brought no better score."""

    best: float = -math.inf
    waited: int = 0
    cuts: int = 0

    def update(self, selection_score: float, patience: int) -> None:
        """Take an epoch's score (higher is better) into account."""
        if selection_score > self.best + _BETTER:
            self.best, self.waited = selection_score, 0
            return
        self.waited += 1
        if self.waited > patience:
            self.cuts, self.waited = self.cuts + 1, 0

    def to_state(self) -> dict[str, Any]:
        """{"best", "waited", "cuts"}."""
        return dataclasses.asdict(self)


def learning_rate(plan: RatePlan, done: float, steps: int, cuts: int) -> float:
    """The rate when a share `done`, `steps` steps and `cuts` cuts of a plateau are over."""
    share = 1.0
    if plan.kind == "cosine":
        share = plan.end + (1 - plan.end) * 0.5 * (1 + math.cos(math.pi * done))
    elif plan.kind == "step":
        share = plan.factor ** sum(done >= drop for drop in plan.drops)
    elif plan.kind == "plateau":
        share = plan.factor**cuts
    warm = 1.0 if plan.warm_up == 0 else min(1.0, (steps + 1) / plan.warm_up)
    return plan.peak * warm * share


class Schedule:
    """The course of a training over a number of steps or of seconds."""

    def __init__(self, *, rates: RatePlan, steps: int | None, seconds: float | None) -> None:
        if (steps is None) == (seconds is None):
            raise InputError(
                "schedule",
                expected="a number of steps or of seconds",
                found=f"{steps} steps, {seconds} seconds",
                remedy="give --epochs or --minutes",
            )
        self._rates, self._steps, self._seconds = rates, steps, seconds
        self._plateau = Plateau()
        self._taken, self._spent_before = 0, 0.0
        self._agreed: float | None = None
        self._begin = time.monotonic()

    def start(self) -> None:
        """Start the clock."""
        self._begin = time.monotonic()

    def advance(self) -> None:
        """Count a step."""
        self._taken += 1

    def agree(self, seconds: float) -> None:
        """Take these as the seconds spent until others are agreed on: ranks have clocks apart."""
        self._agreed = seconds

    def end_epoch(self, selection_score: float) -> None:
        """Take an epoch's score (higher is better) into account."""
        self._plateau.update(selection_score, self._rates.patience)

    def to_state(self) -> dict[str, Any]:
        """What it takes to resume: {"steps", "seconds", "plateau"}."""
        plateau = self._plateau.to_state()
        return {"steps": self._taken, "seconds": self.seconds_spent, "plateau": plateau}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue where an earlier run stopped."""
        self._taken, self._spent_before = state["steps"], state["seconds"]
        self._plateau = Plateau(**state["plateau"])

    @property
    def seconds_spent(self) -> float:
        """Seconds of training over all runs."""
        return self._spent_before + time.monotonic() - self._begin

    @property
    def done(self) -> float:
        """Share of the schedule that is done, 0 to 1."""
        if self._steps is not None:
            return min(1.0, self._taken / self._steps)
        spent = self.seconds_spent if self._agreed is None else self._agreed
        return min(1.0, spent / (self._seconds or 1.0))

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self.done >= 1.0

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return learning_rate(self._rates, self.done, self._taken, self._plateau.cuts)
