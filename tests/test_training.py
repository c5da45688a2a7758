"""depthmask/training.py, schedule.py, checkpoint.py, evaluation.py, prediction.py: a whole run"""

import csv
import dataclasses
import json
import pickle
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

import depthmask
from depthmask.checkpoint import read_checkpoint
from depthmask.cli import cli
from depthmask.data import SampleSource
from depthmask.evaluation import EvaluateOptions, evaluate
from depthmask.prediction import PredictOptions, cut_out, load, predict
from depthmask.train_options import TrainOptions, read_config
from depthmask.train_watcher import SilentTrainWatcher
from depthmask.training import train
from pipeline.build import BuildResult
from shards.errors import InputError
from shards.reader import open_dataset


def small(shards: Path, out: Path, **changes: object) -> TrainOptions:
    options: dict[str, object] = {
        "shards": shards,
        "out": out,
        "backbone": "mobilenetv3_small_050",
        "pretrained": False,
        "size": 32,
        "epochs": 2,
        "batch_size": 9,
        "workers": 1,
        "device": "cpu",
    }
    return TrainOptions(**(options | changes))  # type: ignore[arg-type]


def metrics_of(run: Path) -> list[dict[str, str]]:
    """The rows of metrics.csv."""
    return list(csv.DictReader((run / "metrics.csv").read_text().splitlines()))


@pytest.fixture(scope="module")
def run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of two epochs."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train(small(tiny_dataset, out))
    return out


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
    train(small(tiny_dataset, tmp_path / "run", epochs=6, lr=3e-3))
    rows = metrics_of(tmp_path / "run")
    assert float(rows[-1]["train_loss"]) < 0.98 * float(rows[0]["train_loss"])


def test_equal_runs_give_equal_weights(run: Path, tiny_dataset: Path, tmp_path: Path) -> None:
    train(small(tiny_dataset, tmp_path / "again"))
    first = read_checkpoint(run / "last.pt").weights
    second = read_checkpoint(tmp_path / "again" / "last.pt").weights
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_a_resumed_run_goes_on_where_it_stopped(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    options = small(tiny_dataset, tmp_path / "run", epochs=3)
    train(dataclasses.replace(options, epochs=2))
    with pytest.raises(InputError, match="add --resume"):
        train(options)
    train(dataclasses.replace(options, resume=True))
    rows = metrics_of(options.out)
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert [row["step"] for row in rows] == ["4", "8", "12"]


def test_minutes_are_kept(tiny_dataset: Path, tmp_path: Path) -> None:
    options = small(tiny_dataset, tmp_path / "run", epochs=None, minutes=0.05)
    begin = time.monotonic()
    train(options)
    assert time.monotonic() - begin < 3 + 12
    assert read_checkpoint(options.out / "last.pt").training is not None


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
    whole = small(tiny_dataset, tmp_path / "whole", **changes)
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
    assert first.size == 48


def test_evaluate_gives_the_promised_json(run: Path, tiny_dataset: Path) -> None:
    found = evaluate(EvaluateOptions(checkpoint=run / "best.pt", shards=tiny_dataset, device="cpu"))
    assert found["val"]["samples"] == 12
    mask, depth = found["val"]["mask"], found["val"]["depth"]
    assert {"iou", "dice", "mae"} <= mask.keys()
    assert set(depth) == {"rmse", "std", "delta1", "abs_rel", "log10", "iou50", "dice"}
    assert mask["worst_foreground"]["iou"] == min(mask["by_foreground"].values())
    dataset = open_dataset(tiny_dataset).split("val")
    targets = SampleSource(dataset, 32, 1).batch(range(12)).depth.double()
    assert depth["std"] == pytest.approx(float(targets.std(unbiased=False)), rel=1e-4)


def test_scores_do_not_depend_on_the_batch_size(run: Path, tiny_dataset: Path) -> None:
    options = EvaluateOptions(
        checkpoint=run / "best.pt", shards=tiny_dataset, device="cpu", split="train"
    )
    whole = evaluate(options)["train"]
    parts = evaluate(dataclasses.replace(options, batch_size=5))["train"]
    assert parts["mask"]["iou"] == pytest.approx(whole["mask"]["iou"], abs=1e-3)
    assert parts["depth"]["rmse"] == pytest.approx(whole["depth"]["rmse"], rel=1e-4)


def test_the_checkpoint_normalises_with_the_train_split(run: Path, tiny_dataset: Path) -> None:
    moments = open_dataset(tiny_dataset).stats["splits"]["train"]
    spec = read_checkpoint(run / "best.pt").spec
    assert spec.image_mean == pytest.approx(tuple(moments["image"]["mean"]))
    assert spec.background_std == pytest.approx(tuple(moments["background"]["std"]))


def test_without_depth_only_the_mask_is_learnt(
    plain_build: BuildResult, run: Path, tmp_path: Path
) -> None:
    train(small(plain_build.out, tmp_path / "run", epochs=1))
    assert read_checkpoint(tmp_path / "run" / "best.pt").spec.heads == "mask"
    found = evaluate(EvaluateOptions(checkpoint=run / "best.pt", shards=plain_build.out))
    assert "depth" not in found["val"]
    with pytest.raises(InputError, match="expected a data set with depth"):
        train(small(plain_build.out, tmp_path / "other", heads="depth"))
    assert not (tmp_path / "other").exists()


def test_a_depth_only_network_is_refused_where_there_is_no_depth(
    plain_build: BuildResult, tiny_dataset: Path, tmp_path: Path
) -> None:
    train(small(tiny_dataset, tmp_path / "run", epochs=1, heads="depth"))
    checkpoint = tmp_path / "run" / "best.pt"
    with pytest.raises(InputError, match="for a network that predicts depth alone"):
        evaluate(EvaluateOptions(checkpoint=checkpoint, shards=plain_build.out))


@pytest.mark.parametrize(("width", "height"), [(61, 40), (300, 33), (17, 90)])
def test_predict_answers_at_the_pictures_size(
    run: Path, tmp_path: Path, width: int, height: int
) -> None:
    rng = np.random.default_rng(0)
    for name in ("image", "background"):
        pixels = rng.integers(0, 255, (height, width, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    options = PredictOptions(
        checkpoint=run / "best.pt",
        image=tmp_path / "image.png",
        background=tmp_path / "background.png",
        out=tmp_path / "out",
        device="cpu",
    )
    names = {path.name for path in predict(options)}
    assert names == {"mask.png", "depth.png", "depth-colour.png", "cutout.png"}
    for name, mode in (("mask.png", "L"), ("cutout.png", "RGBA"), ("depth.png", "I;16")):
        with Image.open(tmp_path / "out" / name) as picture:
            assert (picture.size, picture.mode) == ((width, height), mode)


def test_a_folder_is_predicted_one_by_one_and_what_is_no_picture_is_left_out(
    run: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(0)
    (tmp_path / "shots" / "day").mkdir(parents=True)
    for name in ("shots/a.png", "shots/day/b.jpg", "empty.png"):
        Image.fromarray(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)).save(tmp_path / name)
    (tmp_path / "shots" / "notes.txt").write_text("no picture")
    left_out = []
    written = predict(
        PredictOptions(
            checkpoint=run / "best.pt",
            image=tmp_path / "shots",
            background=tmp_path / "empty.png",
            out=tmp_path / "out",
            device="cpu",
        ),
        lambda path, reason: left_out.append(path.name),
    )
    assert left_out == ["notes.txt"]
    names = {str(path.relative_to(tmp_path / "out")) for path in written}
    kinds = ("mask", "cutout", "depth", "depth-colour")
    assert names == {f"{name}.{kind}.png" for name in ("a", "day/b") for kind in kinds}


def test_a_network_of_single_pictures_is_trained_and_used_without_backgrounds(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    train(small(tiny_dataset, tmp_path / "run", epochs=1, input="single"))
    checkpoint = tmp_path / "run" / "best.pt"
    assert read_checkpoint(checkpoint).spec.input == "single"
    sample = open_dataset(tiny_dataset)[0]
    Image.fromarray(sample.image).save(tmp_path / "shot.png")
    out = tmp_path / "out"
    written = predict(
        PredictOptions(checkpoint=checkpoint, image=tmp_path / "shot.png", out=out, device="cpu")
    )
    assert len(written) == 4
    found = load(checkpoint, device="cpu").predict(sample.image)
    assert found.cutout is not None
    assert np.array_equal(found.cutout[..., :3], sample.image)


def test_a_network_that_compares_asks_for_the_background(run: Path, tmp_path: Path) -> None:
    options = PredictOptions(checkpoint=run / "best.pt", image=tmp_path / "shot.png")
    with pytest.raises(InputError, match=r"--background: .*found none; .*--input single"):
        predict(options)
    with pytest.raises(InputError, match="found None"):
        load(run / "best.pt", device="cpu").predict(np.zeros((32, 32, 3), np.uint8))


def test_tensorboard_follows_steps_and_pictures_come_as_often_as_wanted(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    train(small(tiny_dataset, tmp_path / "run", epochs=3, grid_every=5))
    board = EventAccumulator(str(tmp_path / "run"), size_guidance={"images": 0})  # all
    board.Reload()
    assert {"step/loss", "step/mask", "step/depth", "step/lr"} <= set(board.Tags()["scalars"])
    assert [event.step for event in board.Scalars("step/loss")] == [10]
    assert [event.step for event in board.Images("grid")] == [4, 5, 8, 10, 12]


def test_evaluation_leaves_a_table_of_all_samples_and_a_sheet_of_the_worst(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "evaluation"
    options = EvaluateOptions(
        checkpoint=run / "best.pt", shards=tiny_dataset, split="both", out=out, worst=3
    )
    found = evaluate(options)
    assert json.loads((out / "scores.json").read_text()) == found
    assert set(found) == {"train", "val"}
    rows = list(csv.DictReader((out / "val-samples.csv").read_text().splitlines()))
    assert len(rows) == 12
    ious = [float(row["iou"]) for row in rows]
    assert ious == sorted(ious)
    assert np.mean(ious) == pytest.approx(found["val"]["mask"]["iou"])
    assert rows[0]["key"].startswith("val-0000000")
    backgrounds = found["val"]["mask"]["by_background"]
    assert {row["background"] for row in rows} == backgrounds.keys()
    assert found["val"]["mask"]["worst_background"]["iou"] == min(backgrounds.values())
    with Image.open(out / "train-worst.png") as sheet:
        assert sheet.size == (6 * 34, 3 * 34)


def test_the_python_call_gives_the_same(run: Path, tiny_dataset: Path) -> None:
    sample = open_dataset(tiny_dataset)[0]
    predictor = depthmask.load(run / "best.pt", device="cpu")
    found = predictor.predict(sample.image, sample.background)
    again = load(run / "best.pt", device="cpu").predict(
        Image.fromarray(sample.image), Image.fromarray(sample.background)
    )
    assert found.mask is not None
    assert again.mask is not None
    assert found.depth is not None
    assert np.array_equal(found.mask, again.mask)
    assert found.mask.shape == found.depth.shape == (64, 64)
    with pytest.raises(InputError, match=r"found float64 \(64, 64\)"):
        predictor.predict(np.zeros((64, 64)), sample.background)


def test_cut_outs_have_no_background_left_in_soft_parts() -> None:
    colour, back = np.array([200.0, 40.0, 90.0]), np.array([10.0, 220.0, 30.0])
    mask = np.linspace(0, 1, 11, dtype=np.float32)[None]  # (1, 11)
    image = mask[..., None] * colour + (1 - mask[..., None]) * back
    background = np.broadcast_to(back, image.shape)
    found = cut_out(np.rint(image).astype(np.uint8), background.astype(np.uint8), mask)
    assert np.abs(found[0, 2:, :3] - colour).max() <= 4
    assert found[0, :, 3].tolist() == np.rint(mask[0] * 255).tolist()


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
    table = read_config(run / "config.toml")
    assert TrainOptions.from_table(table).to_table() == table
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
