"""depthmask/training/loop.py, schedule.py, depthmask/models/checkpoint.py,
depthmask/training/display.py: a whole run
"""

import dataclasses
import json
import pickle
import time
import tomllib
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from small import metrics_of, small_training
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from depthmask.commands.cli import cli
from depthmask.inference.evaluation import evaluate
from depthmask.inference.options import EvaluateOptions
from depthmask.models.checkpoint import read_checkpoint, save_checkpoint
from depthmask.recipes.train_options import TrainOptions, read_config
from depthmask.training.loop import train
from depthmask.training.watcher import SilentTrainWatcher
from pipeline.build import BuildResult
from shards.base.errors import InputError
from shards.reading.open import open_dataset


def test_a_run_leaves_everything_it_promises(run: Path) -> None:
    names = {path.name for path in run.iterdir()}
    promised = {"best.pt", "last.pt", "config.toml", "metrics.csv", "curves.png", "grid.png"}
    assert promised <= names
    assert any(name.startswith("events.out.tfevents") for name in names)
    rows = metrics_of(run)
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"train_loss", "mask_iou", "depth_rmse"} <= rows[0].keys()
    assert all(
        0 <= float(row[f"train_mask_{name}"]) <= 1 for row in rows for name in ("iou", "dice")
    )
    assert all(0 <= float(row["train_depth_rmse"]) <= 1 for row in rows)
    with Image.open(run / "grid.png") as grid:
        assert grid.size == (6 * 34, 10 * 34)


def test_training_lowers_the_loss(tiny_dataset: Path, tmp_path: Path) -> None:
    train(small_training(tiny_dataset, tmp_path / "run", epochs=6, lr=3e-3))
    rows = metrics_of(tmp_path / "run")
    assert float(rows[-1]["train_loss"]) < 0.98 * float(rows[0]["train_loss"])


def test_equal_runs_give_equal_weights(run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    train(small_training(tiny_dataset, tmp_path / "again"))
    first = read_checkpoint(run / "last.pt").weights
    second = read_checkpoint(tmp_path / "again" / "last.pt").weights
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_resumed_run_goes_on_where_it_stopped(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    options = small_training(tiny_dataset, tmp_path / "run", epochs=3)
    train(dataclasses.replace(options, epochs=2))
    with pytest.raises(InputError, match="add --resume"):
        train(options)
    train(dataclasses.replace(options, resume=True))
    rows = metrics_of(options.out)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["step"] for row in rows] == ["4", "8", "12"]


def test_minutes_are_kept(tiny_dataset: Path, tmp_path: Path) -> None:
    options = small_training(tiny_dataset, tmp_path / "run", epochs=None, minutes=0.05)
    begin = time.monotonic()
    train(options)
    assert time.monotonic() - begin < 3 + 12
    assert read_checkpoint(options.out / "last.pt").training is not None


def test_a_time_that_is_over_before_the_first_step_has_one_step(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    options = small_training(tiny_dataset, tmp_path / "run", epochs=None, minutes=0.05)
    with pytest.raises(InputError, match=r"--minutes: expected at least 0\.01, found 0\.001"):
        dataclasses.replace(options, minutes=0.001)
    with pytest.raises(KeyboardInterrupt):
        train(options, StopsAtOnce())
    last = read_checkpoint(options.out / "last.pt")
    assert last.training is not None
    last.training["schedule"]["seconds"] = 60.0
    save_checkpoint(options.out / "last.pt", last)
    train(dataclasses.replace(options, resume=True))
    assert [row["step"] for row in metrics_of(options.out)] == ["1"]


@pytest.mark.parametrize(
    "changes",
    [
        {"input": "single", "heads": "mask"},
        {"input": "early", "batch_size": 4, "accumulate": 3},
        {"network": "D-depth"},
    ],
)
def test_one_picture_of_one_pixel_maps_is_refused_before_work_begins(
    changes: dict[str, object], tiny_dataset: Path, tmp_path: Path
) -> None:
    options = small_training(tiny_dataset, tmp_path / "run", **{"batch_size": 1, **changes})
    with pytest.raises(InputError, match="several values for each batch norm, found one picture"):
        train(options)
    assert not options.out.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {},  # composite and background are one batch
        {"backbone": "tf_efficientnet_lite0", "pretrained": True, "input": "single"},
        {"network": "A-mask", "heads": "mask"},
    ],
)
def test_a_picture_at_a_time_trains_where_nothing_is_normalised_by_it_alone(
    changes: dict[str, object], tiny_dataset: Path, tmp_path: Path
) -> None:
    options = small_training(
        tiny_dataset, tmp_path / "run", batch_size=1, epochs=None, minutes=0.01, **changes
    )
    train(options)
    assert len(metrics_of(options.out)) >= 1


class StopsAtOnce(SilentTrainWatcher):
    """A watcher that interrupts a training at its first step, before that is saved."""

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        raise KeyboardInterrupt


class StopsAfter(SilentTrainWatcher):
    """A watcher that interrupts a training when an epoch has ended."""

    def __init__(self, epochs: int) -> None:
        self._left = epochs

    def epoch_ended(self, row: dict[str, float]) -> None:
        self._left -= 1
        if self._left == 0:
            raise KeyboardInterrupt


def test_an_interrupted_run_ends_as_if_it_had_not_been(tiny_dataset: Path, tmp_path: Path) -> None:
    """With everything that has a state: a plateau, sizes, losses by epoch, learnt weights."""
    changes: dict[str, object] = {
        "epochs": None,
        "size": None,
        "sizes": "32:1,48:2",
        "schedule": "plateau",
        "patience": 0,
        "lr_factor": 0.5,
        "depth_loss": "l1 for 1.5 then ssim=1,scale-and-shift-invariant=2",
        "task_weights": "learnt",
        "optimiser": "sgd",
        "accumulate": 2,
    }
    whole = small_training(tiny_dataset, tmp_path / "whole", **changes)
    train(whole)
    parted = dataclasses.replace(whole, out=tmp_path / "parted")
    for resume in (False, True):
        with pytest.raises(KeyboardInterrupt):
            train(dataclasses.replace(parted, resume=resume), StopsAfter(1))
    train(dataclasses.replace(parted, resume=True))
    first, second = (read_checkpoint(options.out / "last.pt") for options in (whole, parted))
    for name, weight in first.weights.items():
        assert torch.equal(weight, second.weights[name])
    rows = [metrics_of(options.out) for options in (whole, parted)]
    assert [row["size"] for row in rows[0]] == ["32", "48", "48"]
    for name in ("lr", "train_loss", "mask_weight", "depth_weight", "mask_iou"):
        assert [row[name] for row in rows[0]] == [row[name] for row in rows[1]]
    assert first.size == (48, 48)


def test_the_checkpoint_normalises_with_the_train_split(run: Path, tiny_dataset: Path) -> None:
    moments = open_dataset(tiny_dataset).stats["splits"]["train"]
    spec = read_checkpoint(run / "best.pt").spec
    assert spec.image_mean == pytest.approx(tuple(moments["image"]["mean"]))
    assert spec.background_std == pytest.approx(tuple(moments["background"]["std"]))


def test_without_depth_only_the_mask_is_learnt(
    plain_build: BuildResult, run: Path, tmp_path: Path
) -> None:
    train(small_training(plain_build.out, tmp_path / "run", epochs=1))
    assert read_checkpoint(tmp_path / "run" / "best.pt").spec.heads == "mask"
    found = evaluate(EvaluateOptions(checkpoint=run / "best.pt", shards=plain_build.out))
    assert "depth" not in found["val"]
    with pytest.raises(InputError, match="expected a data set with depth"):
        train(small_training(plain_build.out, tmp_path / "other", heads="depth"))
    assert not (tmp_path / "other").exists()


def test_tensorboard_follows_steps_and_pictures_come_as_often_as_wanted(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    train(small_training(tiny_dataset, tmp_path / "run", epochs=3, grid_every=5))
    board = EventAccumulator(str(tmp_path / "run"), size_guidance={"images": 0})  # all
    board.Reload()
    assert {"step/loss", "step/mask", "step/depth", "step/lr"} <= set(board.Tags()["scalars"])
    assert [event.step for event in board.Scalars("step/loss")] == [10]
    assert [event.step for event in board.Images("grid")] == [4, 5, 8, 10, 12]


class Payload:
    """A pickle that would run code."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (eval, ("open('/tmp/depthmask-was-here', 'w')",))


def test_what_is_no_checkpoint_gets_a_sentence_and_runs_nothing(tmp_path: Path) -> None:
    files = {
        "text.pt": b"not a checkpoint",
        "empty.pt": b"",
        "pickle.pt": pickle.dumps(Payload()),
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    torch.save({"kind": "something else"}, tmp_path / "other.pt")
    torch.save(Payload(), tmp_path / "evil.pt")
    for name in (*files, "other.pt", "evil.pt", "absent.pt"):
        with pytest.raises(InputError, match="expected a checkpoint written by"):
            read_checkpoint(tmp_path / name)
    assert not Path("/tmp/depthmask-was-here").exists()


def test_config_files_carry_every_option(run: Path, tmp_path: Path) -> None:
    table = tomllib.loads((run / "config.toml").read_text())
    assert TrainOptions.from_table(table).to_table() == table
    assert TrainOptions(**read_config(run / "config.toml")).to_table() == table
    (tmp_path / "wrong.toml").write_text("batchsize = 3\n")
    with pytest.raises(InputError, match="found batchsize"):
        read_config(tmp_path / "wrong.toml")


def test_the_command_line_trains_and_evaluates(tiny_dataset: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shared = ["--shards", str(tiny_dataset), "--device", "cpu"]
    small_run = ["--backbone", "mobilenetv3_small_050", "--no-pretrained", "--size", "32"]
    runner = CliRunner()
    trained = runner.invoke(cli, ["train", *shared, "--out", str(out), *small_run, "--epochs", "1"])
    assert trained.stdout.endswith("best.pt\n"), trained.output
    scored = runner.invoke(cli, ["evaluate", str(out / "best.pt"), *shared, "--json"])
    assert json.loads(scored.stdout)["val"]["samples"] == 12
    table = runner.invoke(cli, ["evaluate", str(out / "best.pt"), *shared])
    assert "worst foreground:" in table.stdout
    other = ["--backbone", "resnet5o", "--no-pretrained", "--out", str(tmp_path / "x")]
    wrong = runner.invoke(cli, ["train", *shared, *other])
    assert isinstance(wrong.exception, InputError)
    assert "resnet50" in str(wrong.exception)
    assert not (tmp_path / "x").exists()
