"""Whether the state that a last.pt holds is one that a training can go on from.

torch takes over what an optimiser's state holds without a look, and fails at the first step.
"""

import math
from typing import Any

import torch

from shards.base.checks import WrongValueError, real, table, whole

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

    Every tensor that the optimiser keeps of a weight has the weight's shape or none. Its settings
    are not looked at: those of the options hold.
    """
    _progress(state, "")
    held = state["optimiser"]
    groups = optimiser.param_groups
    if not isinstance(held["param_groups"], list) or len(held["param_groups"]) != len(groups):
        raise WrongValueError("optimiser.param_groups", f"{len(groups)} groups", "others")
    weights = [weight for group in groups for weight in group["params"]]
    for index, kept in held["state"].items():
        where = f"optimiser.state.{index}"
        if type(index) is not int or not 0 <= index < len(weights) or not isinstance(kept, dict):
            raise WrongValueError(where, f"a table for one of {len(weights)} weights", kept)
        for name, value in kept.items():
            _check_kept(f"{where}.{name}", value, weights[index])


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
