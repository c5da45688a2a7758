"""Whether the state that a last.pt holds is one that a training can go on from.

torch takes over what an optimiser's state holds without a look, and fails at the first step.
"""

import math
from typing import Any

import torch

from shards.checks import WrongValueError, real, table, whole

_progress = table(
    {
        "schedule": table(
            {
                "steps": whole(0, 10**12),
                "seconds": real(0, 1e12),
                "plateau": table(
                    {
                        "best": real(-math.inf, math.inf),
                        "waited": whole(0, 10**6),
                        "cuts": whole(0, 10**3),
                    }
                ),
            }
        ),
        "optimiser": table({"state": table({}), "param_groups": lambda value, where: None}),
    }
)


def check_state(state: dict[str, Any], optimiser: torch.optim.Optimizer) -> None:
    """WrongValueError unless the schedule's and the optimiser's entries of `state` can be used.

    Every tensor that the optimiser keeps of a weight has the weight's shape or none, and every
    setting is of the kind that a fresh `optimiser` has.
    """
    _progress(state, "")
    held = state["optimiser"]
    groups = optimiser.param_groups
    if not isinstance(held["param_groups"], list) or len(held["param_groups"]) != len(groups):
        raise WrongValueError("optimiser.param_groups", f"{len(groups)} groups", "others")
    for fresh, found in zip(groups, held["param_groups"], strict=True):
        _check_settings(fresh, found)
    weights = [weight for group in groups for weight in group["params"]]
    for index, kept in held["state"].items():
        where = f"optimiser.state.{index}"
        if type(index) is not int or not 0 <= index < len(weights) or not isinstance(kept, dict):
            raise WrongValueError(where, f"a table for one of {len(weights)} weights", kept)
        for name, value in kept.items():
            _check_kept(f"{where}.{name}", value, weights[index])


def _check_settings(fresh: dict[str, Any], found: Any) -> None:
    for name, value in fresh.items():
        if name == "params":
            continue
        other = found.get(name) if isinstance(found, dict) else None
        alike = type(other) is type(value) or (_is_number(other) and _is_number(value))
        parts = other if isinstance(other, tuple) else (other,)
        if not alike or any(isinstance(part, float) and not math.isfinite(part) for part in parts):
            raise WrongValueError(f"optimiser.param_groups.{name}", f"one like {value}", other)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def _check_kept(where: str, value: Any, weight: torch.Tensor) -> None:
    if value is None or type(value) in (int, float, bool):
        return
    if not isinstance(value, torch.Tensor) or value.shape not in (weight.shape, torch.Size()):
        shape = tuple(value.shape) if isinstance(value, torch.Tensor) else value
        raise WrongValueError(where, f"a tensor of shape {tuple(weight.shape)}", shape)
    if value.numel() > 1 and 0 in value.stride():
        raise WrongValueError(where, "a number for each weight", "one for all")
    if not bool(value.isfinite().all()):
        raise WrongValueError(where, "numbers", "values that are none")
