"""depthmask/recipes/resumption.py: a run goes on with the options given, or says why it does not"""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from small import small_training
from stopped_runs import AtStep, break_off
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.resumption import KEPT, USED
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from depthmask.training.run import Run, begin_run
from shards.base.errors import InputError
from shards.reading.open import open_dataset

CPU = torch.device("cpu")
OTHERS: dict[str, Any] = {
    "network": "B",
    "backbone": "mobilenetv3_small_100",
    "input": "single",
    "heads": "mask",
    "pretrained": True,
    "pretrained_from": Path("weights.safetensors"),
    "start": "none",
    "task_weights": "learnt",
    "optimiser": "adam",
    "momentum": 0.5,
    "batch_size": 7,
    "seed": 1,
}
"""Another value of each option that has to stay."""


@pytest.fixture(scope="module")
def begun(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainOptions:
    """The options of a run of one epoch."""
    out = tmp_path_factory.mktemp("begun") / "run"
    options = small_training(tiny_dataset, out, epochs=1, optimiser="sgd")
    train(options)
    return options


def gone_on(begun: TrainOptions, out: Path, **changes: Any) -> tuple[TrainOptions, Run]:
    """A copy of a run that goes on with other options, and these."""
    shutil.copytree(begun.out, out)
    options = dataclasses.replace(begun, out=out, resume=True, epochs=2, **changes)
    return options, begin_run(options, open_dataset(options.folders[0]), CPU)


def test_every_option_may_change_on_a_resume_or_is_refused() -> None:
    fields = {field.name for field in dataclasses.fields(TrainOptions)}
    assert fields == KEPT.keys() | USED
    assert not KEPT.keys() & USED
    assert OTHERS.keys() == KEPT.keys()


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_to_stay_is_refused_with_both_values(
    name: str, begun: TrainOptions, tmp_path: Path
) -> None:
    needed = {"pretrained": True} if name == "pretrained_from" else {}
    flag = "--" + name.replace("_", "-")
    with pytest.raises(InputError, match=f"--resume with another .*{flag}") as refusal:
        gone_on(begun, tmp_path / "run", **needed, **{name: OTHERS[name]})
    assert f"{flag} {OTHERS[name]}" in refusal.value.found
    assert flag in refusal.value.expected


def test_a_default_that_is_written_out_is_the_same(begun: TrainOptions, tmp_path: Path) -> None:
    gone_on(begun, tmp_path / "run", momentum=0.9)


def test_new_settings_of_the_optimiser_are_used(begun: TrainOptions, tmp_path: Path) -> None:
    _, run = gone_on(begun, tmp_path / "a", weight_decay=0.25, lr=0.5, encoder_lr=0.75)
    assert run.optimiser.param_groups[0]["weight_decay"] == 0.25
    assert all(group["lr"] == 0.5 for group in run.optimiser.param_groups)
    kept = [run.optimiser.state[weight] for weight in run.optimiser.param_groups[0]["params"]]
    assert any("momentum_buffer" in state for state in kept)


def test_a_new_share_of_the_encoders_rate_is_used(tiny_dataset: Path, tmp_path: Path) -> None:
    changes: dict[str, object] = {"backbone": "tf_efficientnet_lite0", "pretrained": True}
    begun = small_training(tiny_dataset, tmp_path / "a", **changes, freeze_encoder=1, epochs=1)
    train(begun)
    options, run = gone_on(begun, tmp_path / "b", encoder_lr=0.75, weight_decay=0.5)
    assert [group["share"] for group in run.optimiser.param_groups] == [1.0, 0.75]
    assert [group["weight_decay"] for group in run.optimiser.param_groups] == [0.5, 0.5]
    train(options)
    assert read_checkpoint(options.out / "last.pt").options["encoder_lr"] == 0.75


@pytest.mark.parametrize(("before", "after"), [("float32", "float16"), ("float16", "float32")])
def test_a_run_goes_on_in_another_precision(
    before: str, after: str, tiny_dataset: Path, tmp_path: Path
) -> None:
    begun = small_training(tiny_dataset, tmp_path / "a", epochs=1, precision=before)
    train(begun)
    options, run = gone_on(begun, tmp_path / "b", precision=after)
    assert run.scaler.is_enabled() == (after == "float16")
    train(options)
    assert read_checkpoint(options.out / "last.pt").scores["epoch"] == 2


def test_tensorboard_shows_no_step_twice(tiny_dataset: Path, tmp_path: Path) -> None:
    """A run that breaks off behind its last checkpoint takes those steps again."""
    options = small_training(tiny_dataset, tmp_path / "run", batch_size=4, epochs=3)
    for resume, step in ((False, 15), (True, 12)):
        with pytest.raises(RuntimeError, match="gone"):
            train(dataclasses.replace(options, resume=resume), AtStep(step, break_off))
    train(dataclasses.replace(options, resume=True))
    board = EventAccumulator(str(options.out), size_guidance={"scalars": 0, "images": 0})
    board.Reload()
    assert [event.step for event in board.Scalars("step/loss")] == [10, 20]
    assert [event.step for event in board.Scalars("mask_iou")] == [9, 18, 27]
    assert [event.step for event in board.Images("grid")] == [9, 18, 27]
