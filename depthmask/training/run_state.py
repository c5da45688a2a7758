"""What the state in a last.pt must be before a training resumes from it: the file may be anyone's.

What torch refuses at once (weights of other shapes, say) is left to torch.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from shards.base.checks import WrongValueError, listing, or_none, real, table, whole

_count = whole(0, 10**12)
_real = real(-math.inf, math.inf)
_plateau = table({"best": _real, "waited": _count, "cuts": whole(0, 10**3)})


def _numbers(value: Any, where: str) -> None:
    for name, number in value.items():
        if not isinstance(name, str) or type(number) not in (int, float):
            raise WrongValueError(f"{where}.{name}".lstrip("."), "a number", number)


check_progress = table(
    {
        "epoch": _count,
        "step": _count,
        "best": _real,
        "first_loss": or_none(real(0, math.inf)),
        "rows": listing(_numbers),
        "epoch_sums": table(
            {
                "size": or_none(listing(whole(1, 4096), 2, 2)),
                "steps": _count,
                "samples": _count,
                "sums": _numbers,
            }
        ),
        "schedule": table({"steps": _count, "seconds": real(0, 1e12), "plateau": _plateau}),
    }
)


def check_optimiser(state: dict[int, dict[str, Any]], weights: Sequence[torch.Tensor]) -> None:
    """WrongValueError unless each tensor kept of a weight has the weight's shape or none.

    torch takes others without a look, and fails at the first step.
    """
    for index, kept in state.items():
        for name, value in kept.items():
            wanted = (weights[index].shape, torch.Size())
            if isinstance(value, torch.Tensor) and value.shape not in wanted:
                where = f"optimiser.state.{index}.{name}"
                raise WrongValueError(where, f"a tensor of shape {tuple(wanted[0])}", value.shape)
