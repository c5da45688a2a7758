"""Learning rates over a training: warm-up, and one of four schedules after it."""

import dataclasses
from typing import Literal

from depthmask.losses.loss_terms import parse_length
from shards.base.errors import InputError

RateKind = Literal["cosine", "step", "plateau", "constant"]


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
