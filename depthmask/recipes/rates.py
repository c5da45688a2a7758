"""Learning rates over a training: warm-up, and one of four ways to go on."""

import dataclasses
import math
from typing import Any, Literal

from depthmask.losses.loss_terms import parse_length
from shards.base.errors import InputError

RateKind = Literal["cosine", "step", "plateau", "constant"]
_BETTER = 1e-4
"""How much better than ever before a score must be to count as better."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RatePlan:
    """A peak, reached after `warm_up` steps, and what follows.

    `kind` cosine: half a cosine down to `end` of the peak. step: times `factor` at each of
    `drops`, shares of the training in [0, 1]. plateau: times `factor` after more than `patience`
    epochs without a better score. constant: the peak.
    """

    kind: RateKind
    peak: float
    warm_up: int = 0
    end: float = 0.0
    drops: tuple[float, ...] = ()
    factor: float = 1.0
    patience: int = 0

    def rate(self, done: float, steps: int, cuts: int) -> float:
        """The rate when a share `done`, `steps` steps and `cuts` cuts of a plateau are over."""
        warm = 1.0 if self.warm_up == 0 else min(1.0, (steps + 1) / self.warm_up)
        return self.peak * warm * self._share(done, cuts)

    def _share(self, done: float, cuts: int) -> float:
        if self.kind == "cosine":
            return self.end + (1 - self.end) * 0.5 * (1 + math.cos(math.pi * done))
        if self.kind == "step":
            cuts = sum(done >= drop for drop in self.drops)
        return float(self.factor**cuts) if self.kind != "constant" else 1.0


def drop_shares(text: str, whole: float, unit: str) -> tuple[float, ...]:
    """The shares of a training of `whole` epochs or minutes in --drops "LENGTH,LENGTH,..."."""
    drops = [parse_length("--drops", drop.strip()) for drop in text.split(",")]
    if not all(drop < whole for drop in drops):
        raise InputError(
            "--drops",
            expected=f"{unit} within the {whole:g} of the training",
            found=text,
            remedy="drop earlier or train longer",
        )
    return tuple(drop / whole for drop in drops)


@dataclasses.dataclass(slots=True)
class Plateau:
    """How often, and how long by now, epochs brought no better score."""

    best: float = -math.inf
    waited: int = 0
    cuts: int = 0

    def see(self, selection_score: float, patience: int) -> None:
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
