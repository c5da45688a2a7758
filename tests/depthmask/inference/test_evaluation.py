"""depthmask/inference/evaluation.py: scores per split, foreground and background"""

import csv
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from small import small_training

from depthmask.data.batches import DecodedSamples
from depthmask.inference.evaluation import evaluate
from depthmask.inference.options import EvaluateOptions
from depthmask.inference.predictor import load
from depthmask.models.checkpoint import read_checkpoint, save_checkpoint
from depthmask.training.loop import train
from pipeline.build import BuildResult
from shards.base.errors import InputError
from shards.reading.open import open_dataset


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
