"""depthmask/distributed/stops.py, depthmask/training/saver.py, epoch_sums.py: trainings that
are stopped anywhere, and go on
"""

import dataclasses
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w
import torch
from small import small_training
from stopped_runs import EACH_STEP, AtStep, assert_alike, break_off, wait_for_step

from depthmask.distributed.stops import Stops
from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from shards.base.errors import RunError
from shards.base.files import temporary_beside


def interrupt() -> None:
    signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def whole(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainOptions:
    """The options of an undisturbed run: five steps an epoch, sizes that change within one."""
    out = tmp_path_factory.mktemp("whole") / "run"
    changes: dict[str, object] = {"epochs": None, "size": None, "sizes": "32:1.5,48:1.5"}
    options = small_training(tiny_dataset, out, **changes, batch_size=8, task_weights="learnt")
    train(options)
    return options


def test_an_epoch_that_broke_off_goes_on_bit_for_bit(whole: TrainOptions, tmp_path: Path) -> None:
    """As after SIGKILL: what was not saved is lost, and the step is taken again."""
    parted = dataclasses.replace(whole, out=tmp_path / "run", save_every=EACH_STEP)
    steps = [1, 3, 4, 1, 3]  # at once, within epochs, behind the end of one, where the size changes
    for number, step in enumerate(steps):
        with pytest.raises(RuntimeError, match="gone"):
            train(dataclasses.replace(parted, resume=number > 0), AtStep(step, break_off))
    train(dataclasses.replace(parted, resume=True))
    assert_alike(whole.out, parted.out)


def test_an_interrupted_step_is_finished_and_kept(whole: TrainOptions, tmp_path: Path) -> None:
    step = 7
    parted = dataclasses.replace(whole, out=tmp_path / "run")
    with pytest.raises(KeyboardInterrupt) as stop:
        train(parted, AtStep(step, interrupt))
    path = parted.out / "last.pt"
    kept = f"step {step} is kept in {path}; run the same command with --resume to continue."
    assert stop.value.__notes__ == [kept]
    state = read_checkpoint(path).training
    assert state is not None
    assert (state["step"], state["epoch_sums"]["samples"]) == (step, 8 * 2)
    train(dataclasses.replace(parted, resume=True))
    assert_alike(whole.out, parted.out)


def test_a_second_interrupt_does_not_wait_for_the_step() -> None:
    with Stops() as stops:
        signal.raise_signal(signal.SIGINT)
        assert stops.wanted == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGTERM])
def test_a_stop_ends_as_the_signal_does_and_ignored_ones_stay_ignored(
    sent: signal.Signals,
) -> None:
    heard: list[int] = []
    before = signal.signal(sent, lambda number, frame: heard.append(number))
    try:
        with Stops() as stops:
            signal.raise_signal(sent)
            assert (stops.wanted, heard) == (sent, [])
            with pytest.raises(SystemExit) as end:
                stops.end(sent, "kept")
        assert (end.value.code, heard) == (128 + sent, [sent])
        signal.signal(sent, signal.SIG_IGN)
        with Stops() as stops:
            signal.raise_signal(sent)
            assert stops.wanted is None
    finally:
        signal.signal(sent, before)


def test_a_step_that_would_spoil_the_weights_is_not_taken(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    """A rate beyond all measure: the first step is taken, the second's loss is none."""
    changes: dict[str, object] = {"optimiser": "sgd", "clip": 0, "schedule": "constant"}
    options = small_training(tiny_dataset, tmp_path / "run", lr=1e30, warm_up=0, **changes)
    with pytest.raises(RunError, match=r"step 1: .*on the batch train-0000000\d\d.*stopped.pt"):
        train(options)
    stopped = torch.load(options.out / "stopped.pt", weights_only=True)["training"]
    assert stopped["step"] == stopped["epoch_sums"]["steps"] == 1
    assert all(bool(tensor.isfinite().all()) for tensor in stopped["network"].values())
    assert any("running_mean" in name for name in stopped["network"])
    resumed = dataclasses.replace(options, resume=True, lr=1e-3)
    with pytest.raises(RuntimeError, match="gone"):
        train(resumed, AtStep(6, break_off))
    assert read_checkpoint(options.out / "best.pt").scores["step"] == 4


def test_a_run_that_was_killed_before_its_first_checkpoint_is_begun_again(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    """As a restart of ranks does: there is nothing to go on with, and nothing of anybody's."""
    options = small_training(tiny_dataset, tmp_path / "run", epochs=1)
    options.out.mkdir()
    left = temporary_beside(options.out / "last.pt")
    left.write_bytes(b"the first half")
    train(options)
    assert not left.exists()
    assert (options.out / "last.pt").exists()


def start(options: TrainOptions, *more: str) -> subprocess.Popen[str]:
    """A training by the command line."""
    config = options.out.with_suffix(".toml")
    config.write_text(tomli_w.dumps(options.to_table()))
    return subprocess.Popen(
        [sys.executable, "-m", "depthmask", "train", "--config", str(config), *more],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    """Wait until a training ends with success."""
    said = process.communicate(timeout=600)[1]
    assert process.returncode == 0, said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "status", "sentence"),
    [
        (signal.SIGKILL, -9, ""),
        (signal.SIGTERM, 143, "terminated: step"),
        (signal.SIGUSR1, 143, "terminated: step"),
        (signal.SIGINT, 130, "interrupted: step"),
        (signal.SIGHUP, 129, "hung up: step"),
    ],
)
def test_a_process_that_is_stopped_goes_on_bit_for_bit(
    sent: signal.Signals, status: int, sentence: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    changes: dict[str, object] = {"epochs": 6, "batch_size": 8, "save_every": EACH_STEP}
    whole = small_training(tiny_dataset, tmp_path / "whole", **changes)
    finish(start(whole))
    parted = dataclasses.replace(whole, out=tmp_path / "parted")
    process = start(parted)
    for step in (4, 13):
        wait_for_step(parted.out, process, step)
        os.kill(process.pid, sent)
        said = process.communicate(timeout=600)[1]
        assert process.returncode == status, said
        assert sentence in said
        process = start(parted, "--resume")
    finish(process)
    assert_alike(whole.out, parted.out)
