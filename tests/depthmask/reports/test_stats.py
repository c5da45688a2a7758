"""depthmask/reports/stats.py and shards/reading/recount.py"""

import io
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from labelled_sources import CATEGORIES
from rich.console import Console

from depthmask.reports import stats
from depthmask.reports.stats import dataset_stats
from depthmask.terminal.stats_tables import stats_tables
from pipeline.build import BuildResult
from shards.base.errors import RunError
from shards.reading.open import open_dataset


def test_recomputed_moments_are_exactly_those_of_the_build(
    plain_build: BuildResult, tiny_dataset: Path
) -> None:
    for path in (plain_build.out, tiny_dataset):
        facts = dataset_stats(path, recompute=True, workers=1)
        assert facts["recomputed"] is True
        assert facts["foreground_area"]["samples"] == facts["samples"]


def test_moments_that_do_not_agree_are_an_error(plain_build: BuildResult, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    manifest = json.loads((copy / "dataset.json").read_text())
    manifest["stats"]["mask"]["mean"][0] += 1e-15
    (copy / "dataset.json").write_text(json.dumps(manifest))
    with pytest.raises(RunError, match="mean and std of mask as the build wrote them"):
        dataset_stats(copy, recompute=True, workers=1)


def test_areas_are_those_of_the_masks(plain_build: BuildResult) -> None:
    facts = dataset_stats(plain_build.out)["foreground_area"]
    areas = [sample.mask.mean() / 255 for sample in open_dataset(plain_build.out)]
    assert facts["samples"] == 120
    assert facts["mean"] == pytest.approx(np.mean(areas))
    assert facts["quantiles"]["1"] == pytest.approx(max(areas))
    assert sum(facts["histogram"]) == 120


def test_bytes_by_field_add_up_to_the_payload(plain_build: BuildResult) -> None:
    facts = dataset_stats(plain_build.out)["bytes"]
    images = sum(len(sample.get("image.jpg")) for sample in open_dataset(plain_build.out))
    assert facts["fields"]["image.jpg"] == images
    assert facts["files"] == sum(p.stat().st_size for p in plain_build.out.glob("*.tar"))


def test_the_tables_show_counts_moments_and_digest(tiny_dataset: Path) -> None:
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(stats_tables(dataset_stats(tiny_dataset)))
    text = console.export_text()
    digest = open_dataset(tiny_dataset).digest
    for part in ("train", "depth.png16", "Foreground's share", "inverse", digest):
        assert part in text


def test_objects_are_those_of_the_samples(labelled_build: BuildResult) -> None:
    dataset = open_dataset(labelled_build.out)
    found = dataset_stats(labelled_build.out)["objects"]
    objects = [each for sample in dataset for each in sample.objects]
    assert (found["samples"], found["objects"]) == (100, len(objects))
    assert found["per_sample"]["0"] == sum(not sample.objects for sample in dataset) > 0
    assert {name: each["id"] for name, each in found["categories"].items()} == CATEGORIES
    for name, counted in found["categories"].items():
        assert counted["objects"] == sum(each.category == name for each in objects) > 0
    assert found["truncated"] == sum(each.truncation > 0 for each in objects) > 0
    console = Console(width=140, record=True, file=io.StringIO())
    console.print(stats_tables(dataset_stats(labelled_build.out)))
    text = console.export_text()
    for part in (
        "Objects (100 samples)",
        "rings",
        "Samples by their number of objects",
        "cross an",
    ):
        assert part in text


def test_objects_of_large_sets_are_those_of_spread_samples(
    labelled_build: BuildResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stats, "_OBJECT_SAMPLES", 20)
    found = dataset_stats(labelled_build.out)["objects"]
    assert found["samples"] == 20
    assert dataset_stats(labelled_build.out, recompute=True)["objects"]["samples"] == 100
