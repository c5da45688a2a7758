"""How far a training is, by steps or by the clock, and the learning rate that goes with it."""

import math
import time

from shards.errors import InputError

_WARM_UP_STEPS = 100
_LEAST = 0.01


class Schedule:
    """Linear warm-up, then a cosine to 1 % of the peak over a number of steps or of seconds."""

    def __init__(self, *, peak: float, steps: int | None, seconds: float | None) -> None:
        if (steps is None) == (seconds is None):
            raise InputError(
                "schedule",
                expected="a number of steps or of seconds",
                found=f"{steps} steps, {seconds} seconds",
                remedy="give --epochs or --minutes",
            )
        self._peak, self._steps, self._seconds = peak, steps, seconds
        self._taken, self._spent_before = 0, 0.0
        self._begin = time.monotonic()

    def start(self) -> None:
        """Start the clock."""
        self._begin = time.monotonic()

    def advance(self) -> None:
        """Count a step."""
        self._taken += 1

    def restore(self, steps: int, seconds: float) -> None:
        """Go on where an earlier run stopped."""
        self._taken, self._spent_before = steps, seconds

    @property
    def seconds_spent(self) -> float:
        """Seconds of training over all runs."""
        return self._spent_before + time.monotonic() - self._begin

    @property
    def done(self) -> float:
        """Share of the schedule that is done, 0 to 1."""
        if self._steps is not None:
            return min(1.0, self._taken / self._steps)
        return min(1.0, self.seconds_spent / (self._seconds or 1.0))

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self.done >= 1.0

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        warm = min(1.0, (self._taken + 1) / _WARM_UP_STEPS)
        cosine = 0.5 * (1 + math.cos(math.pi * self.done))
        return self._peak * warm * (_LEAST + (1 - _LEAST) * cosine)
