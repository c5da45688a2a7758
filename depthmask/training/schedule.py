"""How far a training is, by steps or by the clock, and the learning rate that goes with it."""

import time
from typing import Any

from depthmask.recipes.rates import Plateau, RatePlan
from shards.base.errors import InputError


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
        self._plateau.see(selection_score, self._rates.patience)

    def to_state(self) -> dict[str, Any]:
        """What a later run needs to go on: {"steps", "seconds", "plateau"}."""
        plateau = self._plateau.to_state()
        return {"steps": self._taken, "seconds": self.seconds_spent, "plateau": plateau}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where an earlier run stopped."""
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
        return self._rates.rate(self.done, self._taken, self._plateau.cuts)
