"""Which options a resumed run must keep, and which may change from the next step on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from shards.base.errors import InputError

if TYPE_CHECKING:
    from depthmask.recipes.train_options import TrainOptions


def _itself(value: Any) -> Any:
    return value


def _inertia(value: Any) -> Any:
    return 0.9 if value is None else value


def _is_learnt(value: Any) -> bool:
    return str(value).strip() == "learnt"


KEPT: dict[str, Callable[[Any], Any]] = {
    "network": _itself,
    "backbone": _itself,
    "input": _itself,
    "heads": _itself,
    "pretrained": _itself,
    "pretrained_from": _itself,
    "start": _itself,
    "task_weights": _is_learnt,
    "optimiser": _itself,
    "momentum": _inertia,
    "batch_size": _itself,
    "seed": _itself,
}
"""Options that the state in last.pt belongs to, and what of their values has to be the same: the
weights and where they began, what the optimiser keeps of each, and the order of the samples."""

USED = frozenset(
    {
        *("shards", "fg", "bg", "build", "out", "depth_network"),  # places: contents are compared
        *("freeze_encoder", "encoder_lr", "size", "sizes", "epochs", "minutes", "accumulate"),
        *("mask_loss", "depth_loss", "lr", "weight_decay", "schedule", "warm_up", "lr_end"),
        *("drops", "lr_factor", "patience", "clip", "ema", "precision", "compile", "grid_every"),
        *("device", "workers", "save_every", "resume"),
    }
)
"""Options that may change: the new value holds from the next step on, and is recorded."""


def require_same_course(options: "TrainOptions", begun: dict[str, Any]) -> None:
    """InputError if `options` would resume the run with other values of the options it must keep.

    `begun` are those in its last.pt, as `TrainOptions.to_table` gives them.
    """
    now = options.to_table()
    differing = [
        name for name, view in KEPT.items() if view(now.get(name)) != view(begun.get(name))
    ]
    if not differing:
        return
    flags = ["--" + name.replace("_", "-") for name in differing]
    raise InputError(
        f"--resume with another {' and '.join(flags)}",
        expected=_listed(flags, [begun.get(name) for name in differing]),
        found=_listed(flags, [now.get(name) for name in differing]),
        remedy="resume with the options that the run was started with (--config with its "
        "config.toml has them all), or begin a new run",
    )


def _listed(flags: list[str], values: list[Any]) -> str:
    said = ["its default" if value is None else str(value) for value in values]
    return ", ".join(f"{flag} {value}" for flag, value in zip(flags, said, strict=True))
