"""Checkpoints: weights with what it takes to use them, written whole and loaded without pickles."""

import dataclasses
import pickle
import warnings
from pathlib import Path
from typing import Any

import torch

from depthmask.networks import NetworkSpec
from depthmask.systems.build import Network, build_network
from shards.depth import DepthCoding
from shards.errors import InputError
from shards.files import publish, temporary_beside

_FORMAT = 1
_KIND = "depthmask checkpoint"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What a checkpoint holds.

    `coding` says what depth means to this network (None without a depth head), `size` is the side
    of its training pictures, `training` what a run needs to go on (None in best.pt).
    """

    spec: NetworkSpec
    size: int
    coding: DepthCoding | None
    weights: dict[str, torch.Tensor]
    options: dict[str, Any]
    scores: dict[str, Any]
    training: dict[str, Any] | None

    def build(self) -> Network:
        """The network with these weights, ready to predict."""
        network = build_network(self.spec)
        network.load_state_dict(self.weights)
        return network.eval()


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, whole or not at all."""
    coding = checkpoint.coding
    state = {
        "kind": _KIND,
        "format": _FORMAT,
        "spec": dataclasses.asdict(checkpoint.spec),
        "size": checkpoint.size,
        "coding": None if coding is None else coding.to_json(),
        "weights": checkpoint.weights,
        "options": checkpoint.options,
        "scores": checkpoint.scores,
        "training": checkpoint.training,
    }
    temporary = temporary_beside(path)
    try:
        torch.save(state, temporary)
        publish(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _refuse(path: Path, found: str) -> InputError:
    return InputError(
        str(path),
        expected="a checkpoint written by `depthmask train`",
        found=found,
        remedy="give best.pt or last.pt of a run",
    )


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file, on the CPU; InputError for anything else. Runs no code from it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, on files that are refused below
            state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise _refuse(path, "no such file") from None
    except pickle.UnpicklingError:
        raise _refuse(path, "a file that is no checkpoint, or holds more than plain data") from None
    except (OSError, RuntimeError, ValueError, EOFError, KeyError) as error:
        raise _refuse(path, str(error).partition("\n")[0] or type(error).__name__) from None
    if not isinstance(state, dict) or state.get("kind") != _KIND:
        raise _refuse(path, "a file that holds something else")
    format = state.get("format")
    if type(format) is not int or format != _FORMAT:
        raise _refuse(path, f"format {format!r}".partition("\n")[0])
    try:
        checkpoint = Checkpoint(
            spec=NetworkSpec(**state["spec"]),
            size=int(state["size"]),
            coding=None if state["coding"] is None else DepthCoding(**state["coding"]),
            weights=state["weights"],
            options=state["options"],
            scores=state["scores"],
            training=state["training"],
        )
        checkpoint.build()
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise _refuse(path, str(error).partition("\n")[0]) from None
    return checkpoint
