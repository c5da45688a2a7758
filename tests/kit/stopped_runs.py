"""Runs that are stopped and go on, compared with those that were not."""

import subprocess
import time
from pathlib import Path
from typing import Any

import torch
from small import metrics_of

from depthmask.models.checkpoint import read_checkpoint
from depthmask.training.watcher import SilentTrainWatcher

OF_THE_CLOCK = {"minutes", "images_per_second"}

EACH_STEP = 1e-9
"""Minutes between checkpoints that are always over."""


class AtStep(SilentTrainWatcher):
    """A watcher that does something when a number of steps is over, before they are saved."""

    def __init__(self, step: int, act: Any) -> None:
        self._left, self._act = step, act

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        self._left -= 1
        if self._left == 0:
            self._act()


def break_off() -> None:
    raise RuntimeError("the machine is gone")


def assert_alike(one: Path, other: Path) -> None:
    """Bit for bit: weights, average, optimiser, and all of metrics.csv that no clock decides."""
    first, second = (read_checkpoint(run / "last.pt") for run in (one, other))
    assert same(first.weights, second.weights)
    assert first.training is not None
    assert second.training is not None
    for name in ("network", "objective", "optimiser", "epoch", "step", "epoch_sums", "best"):
        assert same(first.training[name], second.training[name]), name
    rows = [
        [{k: v for k, v in row.items() if k not in OF_THE_CLOCK} for row in metrics_of(run)]
        for run in (one, other)
    ]
    assert rows[0] == rows[1]


def same(one: Any, other: Any) -> bool:
    """Whether two states of tensors and plain data are equal."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def wait_for_step(run: Path, process: subprocess.Popen[str], step: int) -> None:
    """Wait until a checkpoint is of this step or a later one."""
    while step_of(run) < step:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)


def step_of(run: Path) -> int:
    """The step of the last checkpoint; -1 where there is none yet."""
    if not (run / "last.pt").exists():
        return -1
    step: int = torch.load(run / "last.pt", weights_only=True)["training"]["step"]
    return step
