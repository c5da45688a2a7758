"""The run of `train-teacher`: begun or resumed, and what it leaves in its folder."""

import copy
import dataclasses
import warnings
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from depthmask.teaching.teacher_options import TeacherOptions
from pipeline.depth.networks.lite_net import DenseDepthLite
from pipeline.depth.teachers.lite import LITE, read_lite_weights
from shards.base.errors import InputError, first_line
from shards.base.files import publish, temporary_beside, write_atomic
from shards.places.outputs import open_for_library

STATE, WEIGHTS, LOG = "state.pt", f"{LITE}.safetensors", "log.csv"


@dataclasses.dataclass(slots=True)
class Run:
    """The state of a training: network, its running average, the pseudo-labeller, the clock."""

    network: DenseDepthLite
    average: DenseDepthLite
    optimiser: torch.optim.Optimizer
    pseudo_labeller: DenseDepthLite | None = None
    labelled: int = 0
    step: int = 0
    seconds: float = 0.0

    def to_state(self) -> dict[str, Any]:
        """Everything needed to resume."""
        return {
            "network": self.network.state_dict(),
            "average": self.average.state_dict(),
            "pseudo_labeller": None
            if self.pseudo_labeller is None
            else self.pseudo_labeller.state_dict(),
            "labelled": self.labelled,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "seconds": self.seconds,
        }


def begin_or_resume(options: TeacherOptions) -> Run:
    """A run with the weights that the options name, or the one that its folder holds."""
    torch.manual_seed(options.seed)
    network = DenseDepthLite(pretrained=options.depth_weights is None)
    if options.depth_weights is not None:
        read_lite_weights(network, options.depth_weights)
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=options.lr, weight_decay=0.01)
    run = Run(network, copy.deepcopy(network).eval(), optimiser)
    path = options.out / STATE
    if not options.resume:
        if path.exists():
            raise InputError(
                f"--out {options.out}",
                expected="a folder without a training",
                found=STATE,
                remedy="add --resume to continue it, or name another folder",
            )
        return run
    try:
        _restore(run, path)
    except FileNotFoundError:
        raise _no_state(options.out, f"no {STATE}") from None
    except Exception as error:  # torch names no common class for files that are none of its own
        raise _no_state(path, first_line(error)) from None
    return run


def _restore(run: Run, path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, on files that are refused
        state = torch.load(path, weights_only=True)
    run.network.load_state_dict(state["network"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    run.step, run.seconds, run.labelled = state["step"], state["seconds"], state["labelled"]
    if state["pseudo_labeller"] is not None:
        run.pseudo_labeller = copy.deepcopy(run.average)
        run.pseudo_labeller.load_state_dict(state["pseudo_labeller"])


def _no_state(where: Path, found: str) -> InputError:
    return InputError(
        f"--out {where}",
        expected=f"a training of train-teacher ({STATE})",
        found=found,
        remedy="begin one without --resume, or name its folder",
    )


def save_run(run: Run, options: TeacherOptions) -> None:
    """Write state and weights; each file is whole at any time."""
    temporary = temporary_beside(options.out / STATE)
    try:
        with open_for_library(temporary) as file:
            torch.save(run.to_state(), file)
        publish(temporary, options.out / STATE)
    finally:
        temporary.unlink(missing_ok=True)
    _save_weights(_mixed(run.average, options), options.out / WEIGHTS)


def _mixed(network: DenseDepthLite, options: TeacherOptions) -> DenseDepthLite:
    """The network with `options.keep` of the weights that the training began with."""
    if not options.keep or options.depth_weights is None:
        return network
    mixed = copy.deepcopy(network)
    read_lite_weights(mixed, options.depth_weights)
    trained = network.state_dict()
    with torch.no_grad():
        for name, value in mixed.state_dict().items():
            if value.is_floating_point():
                value.lerp_(trained[name], 1 - options.keep)
    return mixed


def _save_weights(network: DenseDepthLite, path: Path) -> None:
    """Write weights as 16-bit safetensors whose header says what the teacher's values mean."""
    tensors = {
        key: value.half().contiguous() if value.is_floating_point() else value
        for key, value in network.state_dict().items()
    }
    metadata = {"name": LITE, "kind": "inverse", "unit": "relative", "low": "0.0", "high": "1.0"}
    write_atomic(path, save(tensors, metadata))  # save_file would let nobody else read it
