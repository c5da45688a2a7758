"""What no training could carry out: options of `depthmask train` that contradict each other."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from depthmask.models.catalogue import GivenHeads, heads_within
from depthmask.recipes.sizes import LARGEST, LEAST
from shards.base.errors import InputError


class Checked(Protocol):
    """What is read of the options of a training by name; ranges are read by `getattr`."""

    @property
    def batch_size(self) -> int: ...
    @property
    def network(self) -> str: ...
    @property
    def input(self) -> str: ...
    @property
    def heads(self) -> GivenHeads: ...
    @property
    def pretrained(self) -> bool: ...
    @property
    def pretrained_from(self) -> Path | None: ...
    @property
    def depth_network(self) -> Path | None: ...
    @property
    def shards(self) -> Path | tuple[Path, ...]: ...


_ONLY_WITH: dict[str, tuple[str, tuple[str, ...]]] = {
    "momentum": ("optimiser", ("sgd", "rmsprop")),
    "lr_end": ("schedule", ("cosine",)),
    "drops": ("schedule", ("step",)),
    "lr_factor": ("schedule", ("step", "plateau")),
    "patience": ("schedule", ("plateau",)),
}
"""Options that mean something beside certain values of another option alone."""

_SHORTEST = 0.01
"""Minutes in which a small network takes a step."""


def check_train_options(options: Checked) -> None:
    """InputError for a value out of its range, or two that exclude each other, by option."""
    _require_ranges(options)
    _refuse_both(options, "epochs", "minutes")
    _refuse_both(options, "size", "sizes")
    for name, (owner, owners) in _ONLY_WITH.items():
        if getattr(options, name) is not None and getattr(options, owner) not in owners:
            raise InputError(
                _flag(name),
                expected=f"{_flag(owner)} {' or '.join(owners)} beside it",
                found=getattr(options, owner),
                remedy=f"choose one of these, or remove {_flag(name)}",
            )
    _require_network(options)
    _require_samples(options)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _require_ranges(options: Checked) -> None:
    def require(holds: Callable[[Any], bool], expected: str, *names: str) -> None:
        for name in names:
            value = getattr(options, name)
            if value is not None and not holds(value):
                raise InputError(
                    _flag(name), expected=expected, found=str(value), remedy="choose a value within"
                )

    require(lambda count: count >= 1, "at least 1", "batch_size", "workers", "epochs", "grid_every")
    require(
        lambda value: 0 <= value < math.inf,
        "0 or more",
        *("weight_decay", "warm_up", "clip", "patience", "freeze_encoder", "save_every"),
    )
    require(lambda value: 0 < value < math.inf, "more than 0", "lr")
    require(lambda value: _SHORTEST <= value < math.inf, f"at least {_SHORTEST:g}", "minutes")
    require(lambda share: 0 <= share < 1, "0 or more, and less than 1", "momentum", "ema")
    require(lambda share: 0 <= share <= 1, "0 to 1", "lr_end", "lr_factor", "encoder_lr")
    require(lambda parts: 1 <= parts <= options.batch_size, "1 to --batch-size", "accumulate")
    require(lambda seed: 0 <= seed < 2**63, "0 to 2^63 - 1", "seed")
    require(lambda side: LEAST <= side <= LARGEST, f"{LEAST} to {LARGEST}", "size")


def _refuse_both(options: Checked, one: str, other: str) -> None:
    if getattr(options, one) is not None and getattr(options, other) is not None:
        raise InputError(
            f"{_flag(one)} and {_flag(other)}",
            expected="one of the two",
            found=f"{getattr(options, one)} and {getattr(options, other)}",
            remedy="remove one of them",
        )


def _require_network(options: Checked) -> None:
    from_file = options.pretrained_from is not None
    if options.network != "timm" and (options.input != "siamese" or from_file):
        name = "--input" if options.input != "siamese" else "--pretrained-from"
        raise InputError(
            name,
            expected="depthmask's own network (--network timm)",
            found=f"--network {options.network}",
            remedy=f"remove {name}",
        )
    if from_file and not options.pretrained:
        raise InputError(
            "--pretrained-from and --no-pretrained",
            expected="one of the two",
            found="both",
            remedy="remove one of them",
        )
    heads = heads_within(options.network, options.heads)
    if options.depth_network is not None and heads != "mask":
        raise InputError(
            "--depth-network",
            expected="a training of masks alone",
            found=f"--heads {heads}",
            remedy="add --heads mask, or remove --depth-network",
        )


def _require_samples(options: Checked) -> None:
    """InputError unless there is either --shards, or --fg and --bg."""
    drawn = [name for name in ("fg", "bg", "build") if getattr(options, name) is not None]
    stored = options.shards != ()
    fits = not drawn if stored else {"fg", "bg"} <= {*drawn}
    if not fits:
        given = [*(["shards"] if stored else []), *drawn]
        raise InputError(
            "--shards",
            expected="a data set, or --fg and --bg to draw one from",
            found=" and ".join(map(_flag, given)) or "neither",
            remedy="give --shards alone, or --fg and --bg without it",
        )
