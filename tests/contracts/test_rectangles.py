"""Samples that are no squares, by every way there is: built, stopped, read, converted, mended"""

import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from damages import flip_a_byte
from small import files_of, small_options

from depthmask.reports.report import write_report
from depthmask.reports.stats import dataset_stats
from pipeline.build import build_dataset
from pipeline.convert import convert_dataset
from pipeline.render import render_scene
from pipeline.rendering.on_the_fly import open_on_the_fly
from pipeline.rendering.site import find_site
from pipeline.repair import repair_dataset
from pipeline.verify import verify_dataset
from shards.base.size import Size
from shards.reading.open import open_dataset
from shards.records.manifest import read_plan

WIDE, HIGH = (80, 48), (48, 112)
KINDS: dict[str, dict[str, Any]] = {
    "no depth": {"size": WIDE, "inline_backgrounds": True},
    "composite": {"size": HIGH, "depth_model": "densedepth-lite", "depth_size": "full"},
    "everything": {
        "size": HIGH,
        "depth_model": "densedepth-lite",
        "depth_mode": "layered",
        "blend": "mix" if find_spec("cv2") else "soft",
        "objects": (0, 4),
        "rotate": 30,
        "truncate": 0.5,
        "bg_crop": 0.4,
        "bg_flip": True,
    },
    "layered": {"size": WIDE, "depth_model": "densedepth-lite", "depth_mode": "layered"},
}


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> dict[str, Any]:
    return KINDS[request.param] | {"samples": 24, "samples_per_shard": 7}


@pytest.fixture(scope="module")
def plain(kind: dict[str, Any], sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_dataset(small_options(sources, tmp_path_factory.mktemp("plain"), **kind)).out


def test_every_array_has_the_shape_that_the_plan_names(plain: Path, kind: dict[str, Any]) -> None:
    dataset, plan = open_dataset(plain), read_plan(plain)
    width, height = kind["size"]
    assert plan["options"]["size"] == [width, height]
    assert dataset.size == kind["size"]
    for sample in dataset:
        assert sample.size == kind["size"]
        assert sample.image.shape == sample.background.shape == (height, width, 3)
        assert sample.mask.shape == (height, width)
        assert sample.instances.shape == (height, width)
        assert sample.mask.max() == (255 if sample.objects else 0)
        if dataset.depth is None:
            continue
        assert plan["depth"]["size"] == list(dataset.depth.size)
        assert sample.depth_codes.shape == dataset.depth.size[::-1]
        assert sample.depth.shape == (height, width)


def test_native_depth_is_at_most_the_canvas_and_full_depth_is_all_of_it(
    plain: Path, kind: dict[str, Any]
) -> None:
    dataset = open_dataset(plain)
    if dataset.depth is None:
        return
    rows, columns = read_plan(plain)["teacher"]["output_size"]
    width, height = kind["size"]
    native = (min(columns, width), min(rows, height))
    assert dataset.depth.size == (kind["size"] if kind.get("depth_size") == "full" else native)


def test_workers_parts_and_a_second_start_give_the_same_files(
    plain: Path, kind: dict[str, Any], sources: Path, tmp_path: Path
) -> None:
    build_dataset(small_options(sources, tmp_path / "two", **(kind | {"workers": 2})))
    assert files_of(tmp_path / "two") == files_of(plain)
    for part in ("1/2", "0/2"):
        build_dataset(small_options(sources, tmp_path / "parts", part=part, **kind))
    assert files_of(tmp_path / "parts") == files_of(plain)
    for samples in (10, 24):
        build_dataset(small_options(sources, tmp_path / "grown", **(kind | {"samples": samples})))
    assert files_of(tmp_path / "grown") == files_of(plain)


def test_through_lmdb_and_back_no_byte_changes(plain: Path, tmp_path: Path) -> None:
    convert_dataset(plain, tmp_path / "lmdb", "lmdb", workers=1)
    convert_dataset(tmp_path / "lmdb", tmp_path / "tar", "tar", workers=1)
    assert files_of(tmp_path / "tar") == files_of(plain)
    for ours, theirs in zip(open_dataset(plain), open_dataset(tmp_path / "lmdb"), strict=True):
        assert np.array_equal(ours.image, theirs.image)
        assert np.array_equal(ours.background, theirs.background)


def test_through_folders_and_back_every_sample_is_the_same(plain: Path, tmp_path: Path) -> None:
    convert_dataset(plain, tmp_path / "folders", "folders", workers=1)
    stored = set(open_dataset(plain)[0].fields) | {"background.jpg"}
    found = {path.parent.name for path in (tmp_path / "folders" / "train").glob("*/*")}
    assert found == {field.partition(".")[0] for field in stored}
    convert_dataset(tmp_path / "folders", tmp_path / "back", "tar", workers=1)
    before, after = open_dataset(plain), open_dataset(tmp_path / "back")
    assert (after.size, after.depth) == (before.size, before.depth)
    for ours, theirs in zip(before, after, strict=True):
        for field in ("image.jpg", "mask.png", "depth.png16"):
            assert field not in ours.fields or ours.get(field) == theirs.get(field)
        assert np.array_equal(ours.background, theirs.background)
    assert verify_dataset(tmp_path / "back", deep=True, workers=1).sound


def test_what_is_damaged_is_found_and_made_again(plain: Path, tmp_path: Path) -> None:
    shards = Path(shutil.copytree(plain, tmp_path / "shards"))
    assert verify_dataset(shards, deep=True, share=1.0, workers=1).sound
    (name,) = flip_a_byte(shards, "tar")
    found = verify_dataset(shards, workers=1)
    assert [each.name for each in found.broken] == [name]
    repair_dataset(
        find_site(shards), found, accept_changed=False, workers=1, tick=lambda made: None
    )
    assert files_of(shards) == files_of(plain)


def test_a_sample_is_drawn_again_and_on_the_fly_as_it_is_stored(
    plain: Path, kind: dict[str, Any], sources: Path, tmp_path: Path
) -> None:
    stored = open_dataset(plain).split("train")[5]
    raw = render_scene(plain, "train", 5).sample
    assert np.array_equal(raw.mask, stored.mask)
    if raw.depth_codes is not None:
        assert np.array_equal(raw.depth_codes, stored.depth_codes)
    drawn = open_on_the_fly(small_options(sources, tmp_path / "none", **kind))
    assert drawn.size == kind["size"]
    assert drawn.split("train")[5].get("image.jpg") == stored.get("image.jpg")


def test_stats_and_report_name_both_sides(
    plain: Path, kind: dict[str, Any], tmp_path: Path
) -> None:
    facts = dataset_stats(plain, recompute=True, workers=1)
    assert facts["size"] == list(kind["size"])
    page = write_report(plain, tmp_path / "report.html").read_text("utf-8")
    width, height = kind["size"]
    assert f"{width} × {height} pixels" in page
    assert f'width="{width}" height="{height}"' in page
    assert f"samples of {width} x {height} pixels" in (plain / "README.md").read_text("utf-8")


@pytest.mark.parametrize("size", [(16, 600), (600, 16)])
@pytest.mark.parametrize("mode", ["composite", "layered"])
def test_a_strip_has_depth_of_its_own_shape(
    size: Size, mode: str, sources: Path, tmp_path: Path
) -> None:
    changes = {"size": size, "samples": 4, "depth_model": "densedepth-lite", "depth_mode": mode}
    dataset = open_dataset(build_dataset(small_options(sources, tmp_path / "out", **changes)).out)
    assert dataset.depth is not None
    assert min(dataset.depth.size) == 16
    assert dataset.depth.size[size.index(600)] > 100
    assert dataset[0].depth.shape == size[::-1]


def test_the_foreground_is_as_large_as_the_shorter_side_says(sources: Path, tmp_path: Path) -> None:
    changes = {"size": (400, 40), "samples": 30, "fg_scale": (0.5, 0.5)}
    dataset = open_dataset(build_dataset(small_options(sources, tmp_path / "out", **changes)).out)
    masks = [np.argwhere(sample.mask >= 8) for sample in dataset]
    longest = [int((np.ptp(where, axis=0) + 1).max()) for where in masks]
    assert max(longest) == 20
    assert max(where[:, 1].max() for where in masks) > 300  # they stand all along it
    assert min(where[:, 1].min() for where in masks) < 100
