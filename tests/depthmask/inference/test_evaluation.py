"""depthmask/inference/evaluation.py: scores per split, foreground and background"""

import csv
import dataclasses
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from labelled_samples import labelled_sample
from PIL import Image
from rich.console import Console
from small import small_options, small_training

from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples
from depthmask.inference.evaluation import Scores, evaluate
from depthmask.inference.options import EvaluateOptions
from depthmask.inference.predictor import load
from depthmask.inference.run_scores import EVALUATED, keep_scores, kept_scores
from depthmask.inference.sample_scores import SampleScore, score_each, write_samples
from depthmask.losses.metrics import mask_sums
from depthmask.models.checkpoint import read_checkpoint, save_checkpoint
from depthmask.reports.report import write_report
from depthmask.terminal.scores_table import scores_tables
from depthmask.training.loop import train
from pipeline.build import BuildResult, build_dataset
from shards.base.errors import InputError
from shards.reading.open import open_dataset
from shards.records.card import CARD


def test_evaluate_gives_the_promised_json(run: Path, tiny_dataset: Path) -> None:
    found = evaluate(EvaluateOptions(checkpoint=run / "best.pt", shards=tiny_dataset, device="cpu"))
    assert found["val"]["samples"] == 12
    mask, depth = found["val"]["mask"], found["val"]["depth"]
    assert {"iou", "dice", "mae"} <= mask.keys()
    assert set(depth) == {"rmse", "std", "delta1", "abs_rel", "log10", "iou50", "dice"}
    assert mask["worst_foreground"]["iou"] == min(mask["by_foreground"].values())
    dataset = open_dataset(tiny_dataset).split("val")
    targets = DecodedSamples(dataset, (32, 32), 1).batch(range(12)).depth.double()
    assert depth["std"] == pytest.approx(float(targets.std(unbiased=False)), rel=1e-4)


def test_scores_do_not_depend_on_the_batch_size(run: Path, tiny_dataset: Path) -> None:
    options = EvaluateOptions(
        checkpoint=run / "best.pt", shards=tiny_dataset, device="cpu", split="train"
    )
    whole = evaluate(options)["train"]
    parts = evaluate(dataclasses.replace(options, batch_size=5))["train"]
    assert parts["mask"]["iou"] == pytest.approx(whole["mask"]["iou"], abs=1e-3)
    assert parts["depth"]["rmse"] == pytest.approx(whole["depth"]["rmse"], rel=1e-4)


def test_a_network_is_used_in_the_precision_that_it_was_trained_in(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(run / "best.pt")
    sample = open_dataset(tiny_dataset)[0]
    pictures = [sample.image[:32, :32], sample.background[:32, :32]]
    errors, depths = {}, {}
    for precision in ("float32", "bfloat16"):
        path = tmp_path / f"{precision}.pt"
        options = checkpoint.options | {"precision": precision}
        save_checkpoint(path, dataclasses.replace(checkpoint, options=options))
        given = EvaluateOptions(checkpoint=path, shards=tiny_dataset, device="cpu")
        errors[precision] = evaluate(given)["val"]["depth"]["rmse"]
        depths[precision] = load(path, "cpu").predict(*pictures).depth_unit
    assert errors["float32"] != errors["bfloat16"]
    with torch.inference_mode():
        planes = (torch.from_numpy(each.copy()).permute(2, 0, 1) for each in pictures)
        plain = checkpoint.build()(*(plane[None].float() / 255 for plane in planes)).depth
    assert np.array_equal(depths["float32"], plain[0, 0].numpy())
    assert not np.array_equal(depths["float32"], depths["bfloat16"])


def test_a_depth_only_network_is_refused_where_there_is_no_depth(
    plain_build: BuildResult, tiny_dataset: Path, tmp_path: Path
) -> None:
    train(small_training(tiny_dataset, tmp_path / "run", epochs=1, heads="depth"))
    checkpoint = tmp_path / "run" / "best.pt"
    with pytest.raises(InputError, match="for a network that predicts depth alone"):
        evaluate(EvaluateOptions(checkpoint=checkpoint, shards=plain_build.out))


def test_evaluation_leaves_a_table_of_all_samples_and_a_sheet_of_the_worst(
    run: Path, tiny_dataset: Path, tmp_path: Path
) -> None:
    out = tmp_path / "evaluation"
    options = EvaluateOptions(
        checkpoint=run / "best.pt", shards=tiny_dataset, split="all", out=out, worst=3
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


@pytest.fixture(scope="module")
def three_splits(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set with a test split."""
    out = tmp_path_factory.mktemp("three") / "shards"
    changes: dict[str, object] = {"samples": 60, "val_fraction": 0.25, "test_fraction": 0.25}
    build_dataset(small_options(sources, out, **changes))
    return out


@pytest.fixture(scope="module")
def trained_beside_test(three_splits: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on that data set, whose test shards were away while it was trained."""
    aside = tmp_path_factory.mktemp("aside")
    out = tmp_path_factory.mktemp("runs") / "run"
    shards = [*three_splits.glob("test-*.tar"), *three_splits.glob("test-*.json")]
    assert shards
    for path in shards:
        path.rename(aside / path.name)
    train(small_training(three_splits, out, epochs=1))
    evaluate(EvaluateOptions(checkpoint=out, shards=three_splits, device="cpu"))
    for path in shards:
        (aside / path.name).rename(path)
    return out


def test_training_and_its_choice_of_the_best_epoch_need_no_test_split(
    trained_beside_test: Path, three_splits: Path
) -> None:
    """Its shards were not even there; asked for, they are scored, each sample once."""
    options = EvaluateOptions(
        checkpoint=trained_beside_test, shards=three_splits, device="cpu", split="test"
    )
    found = evaluate(options)
    assert set(found) == {"test"}
    dataset = open_dataset(three_splits).split("test")
    assert found["test"]["samples"] == len(dataset) == 15
    shown = {each.foreground for sample in dataset for each in sample.objects}
    assert found["test"]["mask"]["by_foreground"].keys() == shown
    everything = evaluate(dataclasses.replace(options, split="all"))
    assert list(everything) == ["train", "val", "test"]
    assert everything["test"] == found["test"]


def test_card_and_report_keep_the_scores_of_every_split_that_was_evaluated(
    trained_beside_test: Path, three_splits: Path, tmp_path: Path
) -> None:
    options = EvaluateOptions(checkpoint=trained_beside_test, shards=three_splits, device="cpu")
    iou = evaluate(dataclasses.replace(options, split="test"))["test"]["mask"]["iou"]
    evaluate(options)
    card = (trained_beside_test / CARD).read_text()
    assert "on all 15 samples of val" in card
    assert "on all 15 samples of test" in card
    assert f"| mask iou | {iou:.4f} |" in card
    page = write_report(trained_beside_test, tmp_path / "run.html").read_text()
    assert "15 samples of test" in page
    assert f">{iou:.4g}<" in page


def test_scores_of_an_earlier_best_network_are_not_those_of_a_later_one(
    trained_beside_test: Path, three_splits: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained_beside_test, run)
    assert kept_scores(run, read_checkpoint(run).scores["step"]).keys() >= {"val"}
    resumed = small_training(three_splits, run, epochs=3, resume=True)
    train(resumed)
    better = read_checkpoint(run).scores["step"]
    assert better > read_checkpoint(trained_beside_test).scores["step"]
    assert kept_scores(run, better) == {}
    assert "on all" not in (run / CARD).read_text()


@pytest.mark.parametrize(
    "damage",
    [
        "",
        "[]",
        "{",
        '{"step": 5}',
        '{"step": 5, "splits": {"val": {"samples": "many"}}}',
        '{"step": 5, "splits": {"../x": {"samples": 3}}}',
        '{"step": 5, "splits": {"val": {"samples": 3, "mask": {"iou": [1]}}}}',
    ],
)
def test_scores_that_cannot_be_read_are_none(damage: str, tmp_path: Path) -> None:
    (tmp_path / EVALUATED).write_text(damage)
    assert kept_scores(tmp_path, 5) == {}
    keep_scores(tmp_path, 5, {"val": {"samples": 3, "mask": {"iou": 0.5}}})
    assert kept_scores(tmp_path, 5)["val"]["mask"] == {"iou": 0.5}


def test_a_split_without_samples_gets_a_sentence(run: Path, tiny_dataset: Path) -> None:
    with pytest.raises(InputError, match="--split test: expected samples in it, found none"):
        evaluate(EvaluateOptions(checkpoint=run, shards=tiny_dataset, split="test"))


def scored(position: int, iou: float | None, *foregrounds: str, **changes: object) -> SampleScore:
    facts: dict[str, object] = {
        "position": position,
        "key": f"val-{position:09d}",
        "foregrounds": foregrounds,
        "categories": tuple(dict.fromkeys(name.split("/")[0] for name in foregrounds)),
        "background": "wall.jpg",
        "iou": iou,
        "rmse": None,
    }
    return SampleScore(**(facts | changes))  # type: ignore[arg-type]


def test_a_sample_counts_for_all_foregrounds_and_categories_that_it_holds() -> None:
    scores = Scores(mask_sums(*np.zeros((2, 3, 4, 4), np.float32)), samples=3)
    for sample in (
        scored(0, 0.9, "cars/a.png", "cars/b.png", "people/c.png"),
        scored(1, 0.5, "cars/b.png"),
        scored(2, 1.0, background="road.jpg"),
        scored(3, 0.2, background=""),
    ):
        scores.add_iou(sample)
    mask = scores.to_json()["mask"]
    assert mask["by_foreground"] == {"cars/a.png": 0.9, "cars/b.png": 0.7, "people/c.png": 0.9}
    assert mask["worst_foreground"] == {"name": "cars/b.png", "iou": 0.7}
    assert mask["by_category"] == {"cars": 0.7, "people": 0.9}
    assert mask["by_background"] == {"road.jpg": 1.0, "wall.jpg": 0.7}


def test_negatives_alone_have_no_worst_foreground_and_are_shown(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scores = Scores(mask_sums(*np.zeros((2, 3, 4, 4), np.float32)), samples=3)
    for position in range(3):
        scores.add_iou(scored(position, 1.0))
    found = scores.to_json()
    assert found["mask"].keys() == {
        *("iou", "dice", "mae", "negatives", "left_empty", "worst_background", "by_background")
    }
    Console().print(scores_tables({"val": found}))
    shown = capsys.readouterr().out
    assert "negatives left empty" in shown
    assert "worst foreground" not in shown


def test_what_a_sample_holds_is_read_from_its_objects() -> None:
    instances = np.zeros((16, 24), np.uint8)
    instances[2:6, 2:6], instances[8:12, 2:9], instances[2:9, 12:20] = 1, 2, 3
    names = {
        1: {"foreground": "cars/a.png"},
        2: {"foreground": ""},
        3: {"foreground": "cars/a.png"},
    }
    full = labelled_sample(instances, changes=names)
    empty = labelled_sample(np.zeros((16, 24), np.uint8), position=1)
    planes = np.zeros((2, 16, 24), np.float32)
    planes[0] = instances > 0
    batch = Batch(
        image=torch.zeros(2, 3, 16, 24),
        background=torch.zeros(2, 3, 16, 24),
        mask=torch.from_numpy(planes)[:, None],
        depth=torch.zeros(2, 1, 16, 24),
        depth_known=torch.zeros(2, dtype=torch.bool),
        positions=np.arange(2),
    )
    first, second = score_each([full, empty], [0, 1], batch, planes, None)  # type: ignore[arg-type]
    assert (first.foregrounds, first.categories, first.iou) == (("cars/a.png",), ("cars",), 1.0)
    assert (second.foregrounds, second.categories, second.iou) == ((), (), 1.0)
    assert (first.background, second.background) == ("wall.jpg", "wall.jpg")


def test_the_table_of_samples_names_all_that_each_holds(tmp_path: Path) -> None:
    samples = [scored(0, 0.9, "cars/a.png", "people/c.png"), scored(1, 0.5)]
    write_samples(tmp_path, "val", samples, np.zeros((4, 4, 3), np.uint8))
    rows = list(csv.DictReader((tmp_path / "val-samples.csv").read_text().splitlines()))
    assert [row["foregrounds"] for row in rows] == ["", "cars/a.png; people/c.png"]
    assert [row["categories"] for row in rows] == ["", "cars; people"]
    assert [row["rmse"] for row in rows] == ["", ""]
