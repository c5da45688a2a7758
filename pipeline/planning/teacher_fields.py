"""The options that choose a depth teacher, as fields: a build and `depth` take the same."""

from typing import Any

from shards.base.errors import InputError
from shards.base.option_kinds import require_within
from shards.base.options import option


def depth_model_field(help: str) -> Any:
    """Which teacher: a str."""
    return option("densedepth-lite", help, identity=True, metavar="NAME")


def depth_weights_field() -> Any:
    """A Path or None; a plan names the weights by their hash."""
    return option(
        None,
        "Weights of the teacher, such as nyu.h5.  [default: the shipped ones]",
        metavar="FILE",
    )


def depth_kind_field() -> Any:
    """A word or None."""
    return option(
        None,
        "What the teacher gives: metres, or larger is nearer.  [default: the teacher's own]",
        identity=True,
    )


def depth_range_field(help: str) -> Any:
    """Two floats or None."""
    return option(None, help, identity=True, metavar="LOW HIGH")


def depth_input_field() -> Any:
    """Two ints, width and height, or None."""
    return option(
        None,
        "Size that pictures have for the teacher.  [default: its own]",
        identity=True,
        metavar="WIDTH HEIGHT",
    )


def teacher_device_field() -> Any:
    """The name of a torch device: a str."""
    return option("cpu", "Where the teacher runs: cpu, cuda, cuda:1, ...")


def check_declared(
    depth_range: tuple[float, float] | None, depth_input: tuple[int, int] | None
) -> None:
    """InputError where no teacher can have the range and input size that are declared."""
    if depth_range is not None and not depth_range[0] < depth_range[1]:
        raise InputError(
            "--depth-range",
            expected="two numbers, the smaller one first",
            found=f"{depth_range[0]:g} {depth_range[1]:g}",
            remedy="give a range such as 0.1 10",
        )
    for side in depth_input or ():
        require_within("--depth-input", side, 14, 4096)
