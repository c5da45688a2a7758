"""Where a network runs, and in which precision."""

import contextlib
from typing import Any

import torch

from shards.errors import InputError


def choose_device(name: str) -> torch.device:
    """The device of a name; "auto" takes a GPU where there is one. InputError where it is none."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            "--device",
            expected="a device that torch can use here",
            found=f"{name} ({str(error).partition(chr(10))[0]})",
            remedy="try auto or cpu",
        ) from None
    return device


def autocast(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """bfloat16 where the processor or GPU computes it, float32 elsewhere."""
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        return torch.autocast("cuda", torch.bfloat16)
    if device.type == "cpu" and torch.cpu._is_avx512_bf16_supported():
        return torch.autocast("cpu", torch.bfloat16)
    return contextlib.nullcontext()
