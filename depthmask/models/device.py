"""Where a network runs, and in which precision."""

import contextlib
from typing import Any

import torch

from pipeline.machine.devices import require_device
from pipeline.machine.threads import fit_threads


def choose_device(name: str) -> torch.device:
    """The device of a name; "auto" takes a GPU where there is one. InputError where it is none.

    From here on torch computes on no more threads than there are cores.
    """
    fit_threads()
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    require_device(name)
    return torch.device(name)


def autocast(
    device: torch.device, precision: str = "auto"
) -> contextlib.AbstractContextManager[Any]:
    """A context in which networks compute in "float32", "bfloat16", "float16", or "auto".

    auto: bfloat16 where the processor or GPU computes it, float32 elsewhere.
    """
    if precision == "auto":
        precision = "bfloat16" if _computes_bfloat16(device) else "float32"
    if precision == "float32":
        return contextlib.nullcontext()
    return torch.autocast(device.type, getattr(torch, precision))


def _computes_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
