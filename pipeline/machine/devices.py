"""Devices by name, and whether they are there: asked before work begins."""

from shards.base.errors import InputError, first_line
from shards.base.option_kinds import require_kind

PROCESSOR = "cpu"


def require_device(name: str, *, here: bool = True) -> None:
    """InputError unless torch knows a device of this name, and can use it on this machine.

    `here` False: other machines will do the work; only the name is looked at. The processor is
    always there, and is known without torch. A GPU is counted but not opened, which would take
    its memory.
    """
    require_kind("--device", name, str)
    if name == PROCESSOR:
        return
    import torch

    try:
        device = torch.device(name)
    except RuntimeError:
        raise _refuse(repr(name)) from None
    if not here:
        return
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count <= (device.index or 0):
            seen = f"{count} of them here" if count else "none of them here"
            raise _refuse(f"{name}, and {seen}")
        return
    try:
        float(torch.ones(1, device=device).sum())
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch built without it
        raise _refuse(f"{name} ({first_line(error).partition(': ')[2]})") from None


def _refuse(found: str) -> InputError:
    return InputError(
        "--device",
        expected="a device that torch can use here",
        found=found,
        remedy="try cpu; `depthmask doctor` lists what there is",
    )
