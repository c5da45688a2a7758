"""Which losses there are, and how a sum of them is written: no torch, options are checked here.

SUM     NAME=WEIGHT,NAME=WEIGHT,...     a NAME alone weighs 1
PARTS   SUM for LENGTH then SUM         LENGTH in epochs, or in minutes with --minutes
"""

import difflib
import math
import re
from typing import Literal, NamedTuple

from shards.base.errors import InputError

Head = Literal["mask", "depth"]
HEADS: tuple[Head, ...] = ("mask", "depth")


class LossKind(NamedTuple):
    """Which heads a loss suits, and whether it takes logits; else it takes values in [0, 1]."""

    heads: tuple[Head, ...] = HEADS
    logits: bool = False


LOSSES: dict[str, LossKind] = {
    "bce": LossKind(("mask",), logits=True),
    "dice": LossKind(),
    "dice-squared": LossKind(),
    "l1": LossKind(),
    "smooth-l1": LossKind(),
    "mse": LossKind(),
    "ssim": LossKind(),
    "gradient": LossKind(),
    "cosine": LossKind(),
    "log-l1": LossKind(),
    "scale-and-shift-invariant": LossKind(("depth",)),
    "normals": LossKind(("depth",)),
}
"""Every loss by name; `depthmask.losses.losses.FUNCTIONS` computes them."""


class LossPart(NamedTuple):
    """A weighted sum of losses by name, and how long it is lowered (None: to the end)."""

    weights: dict[str, float]
    length: float | None


class TaskLosses(NamedTuple):
    """One head's losses by part of the training: `parts[i]` until the share `ends[i]` is done."""

    parts: tuple[LossPart, ...]
    ends: tuple[float, ...]


def parse_losses(where: str, text: str, head: Head) -> tuple[LossPart, ...]:
    """The parts of `text`, such as "l1=1 for 6 then smooth-l1=1"; InputError names `where`."""
    suited = [name for name, kind in LOSSES.items() if head in kind.heads]
    parts = []
    for part in re.split(r"\s+then\s+", text.strip()):
        terms, *length = re.split(r"\s+for\s+", part)
        if len(length) > 1:
            raise _not_a_sum(where, part)
        weights = parse_weights(where, terms, suited, f"a loss for the {head}")
        parts.append(LossPart(weights, parse_length(where, length[0]) if length else None))
    return tuple(parts)


def parse_weights(where: str, text: str, known: list[str], kind: str) -> dict[str, float]:
    """{name: weight} of "NAME=WEIGHT,NAME,..."; names must be `known`, each once."""
    weights: dict[str, float] = {}
    for term in text.split(","):
        name, equals, weight = (word.strip() for word in term.partition("="))
        if not name or name in weights:
            raise _not_a_sum(where, text)
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
            question = f"did you mean {' or '.join(near)}?"
            remedy = question if near else "choose from " + ", ".join(known)
            raise InputError(where, expected=kind, found=name, remedy=remedy)
        weights[name] = _number(where, weight, least=0.0) if equals else 1.0
    return weights


def parse_length(where: str, text: str) -> float:
    """A length in epochs or minutes, more than 0."""
    length = _number(where, text, least=0.0)
    if length == 0:
        raise InputError(where, expected="lengths above 0", found=text, remedy="leave the part out")
    return length


def _number(where: str, text: str, *, least: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (least <= value < math.inf):
        raise InputError(
            where,
            expected=f"numbers of at least {least:g}",
            found=text or "none",
            remedy="see docs",
        )
    return value


def _not_a_sum(where: str, text: str) -> InputError:
    return InputError(
        where,
        expected='a sum such as "l1=.1,ssim=.5", each name once, or "l1 for 6 then smooth-l1"',
        found=text or "nothing",
        remedy="write NAME=WEIGHT,NAME=WEIGHT",
    )
