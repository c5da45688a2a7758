"""Values that files from strangers hold where numbers, names or states should be"""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from changed_fields import with_field
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small import small_options, small_training

from depthmask.inference.evaluation import evaluate
from depthmask.inference.options import EvaluateOptions
from depthmask.models.checkpoint import read_checkpoint, save_checkpoint
from depthmask.reports.charts import depth_histogram
from depthmask.reports.dataset_report import build_command
from depthmask.reports.run_survey import survey_run
from depthmask.training.loop import train
from depthmask.training.run import begin_run
from pipeline.build import BuildResult, build_dataset
from pipeline.convert import convert_dataset
from pipeline.depth.teachers.lite import SHIPPED_WEIGHTS
from pipeline.depth.teachers.table import load_teacher
from shards.base.checks import WrongValueError
from shards.base.errors import InputError, RunError
from shards.base.keys import SPLITS
from shards.places.object_store import _identity_of, _is_whole
from shards.reading.open import open_dataset
from shards.records.manifest import PLAN, read_manifest
from shards.records.schema import check_manifest


def weights_with(out: Path, change: Any) -> Path:
    """The shipped teacher's weights with one tensor changed."""
    tensors = load_file(SHIPPED_WEIGHTS)
    name = "decoder.blocks.0.first.weight"
    tensors[name] = change(tensors[name].float())
    with safe_open(SHIPPED_WEIGHTS, "pt") as shipped:
        save_file(tensors, out, metadata=shipped.metadata())
    return out


def test_a_teachers_weights_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = weights_with(tmp_path / "w.safetensors", lambda tensor: tensor * torch.nan)
    with pytest.raises(InputError, match="with values that are no numbers"):
        load_teacher("densedepth-lite", canvas=64, weights=path)


@pytest.mark.parametrize("mode", ["composite", "layered"])
def test_no_shard_is_made_of_depth_that_is_no_number(
    mode: str, sources: Path, tmp_path: Path
) -> None:
    path = weights_with(tmp_path / "w.safetensors", lambda tensor: torch.full_like(tensor, 3e38))
    options = small_options(
        sources, tmp_path / "out", size=32, samples=8, depth_model="densedepth-lite",
        depth_weights=path, depth_mode=mode,
    )  # fmt: skip
    with pytest.raises(RunError, match="expected finite depth values"):
        build_dataset(options)
    assert not list((tmp_path / "out").glob("train-*"))


def test_a_field_that_plain_folders_have_no_place_for_is_named(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    with_field(copy, "zebra.png", b"stripes", every=True)
    with pytest.raises(RunError, match=r"expected the fields image\.jpg.*found zebra\.png"):
        convert_dataset(copy, tmp_path / "folders", "folders", workers=1)


def test_two_data_sets_that_stood_in_one_place_are_not_mixed_up(
    sources: Path, tmp_path: Path
) -> None:
    """One process keeps a data set by its path; its digest says whether it still stands there."""
    kept = []
    for seed in (0, 1):
        options = small_options(
            sources, tmp_path / "shards", size=16, samples=4, seed=seed, overwrite=True
        )
        build_dataset(options)
        out = tmp_path / f"folders{seed}"
        convert_dataset(tmp_path / "shards", out, "folders", workers=1)
        kept.append({path.name: path.read_bytes() for path in out.rglob("*.jpg")})
    assert kept[0].keys() == kept[1].keys()
    assert kept[0] != kept[1]


@pytest.mark.parametrize(
    "record",
    [b"", b"null", b"[1]", b"{", b'{"name": "train-000000.tar"}', b'{"name": [], "bytes": 7}',
     b'{"name": "train-000000.tar", "bytes": 8}'],
)  # fmt: skip
def test_a_record_on_an_object_store_counts_only_with_its_shard(record: bytes) -> None:
    sizes = {"train-000000.tar": 7}
    assert _is_whole(b'{"name": "train-000000.tar", "bytes": 7}', sizes)
    assert not _is_whole(record, sizes)


@pytest.mark.parametrize("plan", [b"", b"null", b"{}", b'{"options": []}', b"[" * 100_000])
def test_a_damaged_plan_on_an_object_store_is_no_build(
    plan: bytes, plain_build: BuildResult
) -> None:
    assert _identity_of((plain_build.out / PLAN).read_bytes()) is not None
    assert _identity_of(plan) is None


def test_a_histogram_of_a_range_without_width_has_columns() -> None:
    chart = depth_histogram(
        np.arange(16), 1e30, 1e30, lambda value: "#000", unit="m", label="depth"
    )
    assert chart.count("<rect") == 16


def test_a_manifest_without_samples_is_refused(plain_build: BuildResult) -> None:
    manifest = read_manifest(plain_build.out)
    manifest["options"]["samples"] = None
    manifest["shards"] = []
    manifest["splits"] = {name: {"samples": 0, "shards": 0} for name in SPLITS}
    with pytest.raises(WrongValueError, match="splits: expected at least one sample"):
        check_manifest(manifest)


def test_a_strangers_options_are_quoted_in_the_command_that_a_report_shows() -> None:
    options = {"depth_model": "$(id).onnx", "size": [64, "4; id"], "evil": "x"}
    options["fg_scale"] = ["`id`", 1]
    manifest = {"options": options, "sources": {"fg": []}}
    words = build_command(manifest, only_changed=False)
    assert "--depth-model '$(id).onnx'" in words
    assert "--size '64x4; id'" in words
    assert "--fg-scale '`id`' 1" in words
    assert not any("evil" in word for word in words)


@pytest.fixture(scope="module")
def run(plain_build: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one epoch that finds masks."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train(small_training(plain_build.out, out, heads="mask", epochs=1, batch_size=30))
    return out


def test_weights_too_large_to_score_with_give_a_sentence(
    run: Path, plain_build: BuildResult, tmp_path: Path
) -> None:
    checkpoint = read_checkpoint(run / "best.pt")
    checkpoint.weights["mask_head.weight"].fill_(3e38)
    save_checkpoint(tmp_path / "x.pt", checkpoint)
    options = EvaluateOptions(
        checkpoint=tmp_path / "x.pt", shards=plain_build.out, workers=1, device="cpu"
    )
    with pytest.raises(RunError, match="the network's output: expected finite numbers"):
        evaluate(options)


STATES: list[tuple[tuple[Any, ...], Any, str]] = [
    (("epoch",), -1, "epoch: expected a whole number"),
    (("step",), 1.5, "step: expected a whole number"),
    (("best",), float("nan"), "best: expected a number"),
    (("rows",), [{"epoch": 1, "step": 1, "loss": "<b>"}], r"rows\[0\].loss: expected a number"),
    (("network",), {}, "RuntimeError"),
    (("schedule",), None, "schedule: expected a table"),
    (("schedule", "steps"), "many", "schedule.steps: expected a whole number"),
    (("schedule", "seconds"), float("inf"), "schedule.seconds: expected a number"),
    (("schedule", "plateau", "cuts"), 10**300, "plateau.cuts: expected a whole number"),
    (("optimiser", "state", 0), [], "AttributeError"),
    (("optimiser", "state", 10**6), {"exp_avg": torch.zeros(3)}, "IndexError"),
    (("optimiser", "state", 0, "exp_avg"), torch.zeros(3), r"exp_avg: expected a tensor of shape"),
    (("optimiser", "state", 0, "exp_avg"), torch.zeros(1).expand(10**9, 10**6), "exp_avg"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "found"), STATES)
def test_a_state_that_no_training_leaves_is_refused(
    path: tuple[Any, ...],
    value: Any,
    found: str,
    run: Path,
    plain_build: BuildResult,
    tmp_path: Path,
) -> None:
    copy = Path(shutil.copytree(run, tmp_path / "run"))
    state = torch.load(copy / "last.pt", weights_only=True)
    inner = state["training"]
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    torch.save(state, copy / "last.pt")
    options = small_training(
        plain_build.out, copy, heads="mask", epochs=2, batch_size=30, resume=True
    )
    with pytest.raises(InputError, match=found):
        begin_run(options, open_dataset(plain_build.out), torch.device("cpu"))


@pytest.mark.parametrize("place", ["s3://stranger/shards", "s3:/stranger/shards", "gs://x/y"])
def test_the_report_of_a_strangers_run_opens_no_address(
    place: str, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEPTHMASK_CACHE", str(tmp_path / "cache"))
    assert "was never opened here" in survey_run(run / "best.pt", [place])["fault"]
    assert not (tmp_path / "cache").exists()
