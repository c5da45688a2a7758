"""The precision that the built-in teacher computes in: bfloat16 where the processor has it."""

import functools
from pathlib import Path
from typing import Literal

from shards.base.retrying import retry_passing

Precision = Literal["bfloat16", "float32"]
_CPU_FACTS = Path("/proc/cpuinfo")
_FLAGS = {"avx512_bf16", "amx_bf16"}


@functools.cache
def fitting_precision(device: str) -> Precision:
    """bfloat16 on a CPU that multiplies in it, else float32; asks no torch.

    plan.json has it among the versions: maps of the two differ by 0.002 of the range in the mean,
    so a build is not resumed in the other one.
    """
    if not device.startswith("cpu"):
        return "float32"
    try:
        facts = retry_passing(_CPU_FACTS, _CPU_FACTS.read_text)
    except FileNotFoundError:  # no Linux
        return "float32"
    flags = next((line for line in facts.splitlines() if line.startswith("flags")), "")
    return "bfloat16" if _FLAGS & set(flags.split()) else "float32"
