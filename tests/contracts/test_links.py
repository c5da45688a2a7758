"""Links that a stranger put where our files stand in a data set: nothing beyond them is changed"""

import dataclasses
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from small import small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.convert import convert_dataset
from pipeline.depth.layer_cache import FOLDER, layers_folder
from pipeline.output.folder import SET_ASIDE
from pipeline.rendering.site import find_site
from pipeline.repair import repair_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import RunError
from shards.records.manifest import LOG, MANIFEST, PLAN, build_id, read_plan

DIARY = b"what the user wrote, without a line break"


def link(target: Path, place: Path) -> None:
    place.symlink_to(target)


def pipe(target: Path, place: Path) -> None:
    os.mkfifo(place)


def folder(target: Path, place: Path) -> None:
    place.mkdir()


@pytest.mark.parametrize(("put", "found"), [
    (link, "a link"), (pipe, "something else"), (folder, "something else"),
])  # fmt: skip
@pytest.mark.parametrize("name", [".build.lock", LOG])
def test_files_written_in_place_are_the_data_sets_own(
    name: str,
    put: Callable[[Path, Path], None],
    found: str,
    plain_build: BuildResult,
    sources: Path,
    tmp_path: Path,
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    diary = tmp_path / "diary"
    diary.write_bytes(DIARY)
    (shards / name).unlink(missing_ok=True)
    put(diary, shards / name)
    (shards / "train-000001.tar").unlink()
    with pytest.raises(RunError, match=rf"{name}: expected a file of its own, found {found}"):
        build_dataset(small_options(sources, shards))
    site = find_site(shards, fg=sources / "fg", bg=sources / "bg")
    with pytest.raises(RunError, match=rf"{name}: expected a file of its own, found {found}"):
        repair_dataset(site, verify_dataset(shards, workers=1), workers=1)
    assert diary.read_bytes() == DIARY


@pytest.mark.parametrize("name", [PLAN, MANIFEST, "train-000001.json", "train-000001.tar"])
def test_files_that_are_replaced_leave_what_their_link_led_to(
    name: str, plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    beside = tmp_path / name
    (shards / name).rename(beside)
    before = beside.read_bytes()
    link(beside, shards / name)
    (shards / MANIFEST).unlink(missing_ok=True)
    options = small_options(sources, shards, overwrite=True, seed=3)
    assert build_dataset(options).digest != plain_build.digest
    assert beside.read_bytes() == before


def test_nothing_is_set_aside_beyond_a_link(plain_build: BuildResult, tmp_path: Path) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    link(elsewhere, shards / SET_ASIDE)
    (shards / "holiday.tar").write_bytes(DIARY)
    with pytest.raises(RunError, match="expected a folder of its own, found a link"):
        repair_dataset(find_site(shards), verify_dataset(shards, workers=1), workers=1)
    assert (shards / "holiday.tar").read_bytes() == DIARY
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("below", ["", "BUILD", "BUILD/bg-000000"])
def test_no_map_of_layered_depth_is_written_beyond_a_link(
    below: str, sources: Path, tmp_path: Path
) -> None:
    elsewhere, shards = tmp_path / "elsewhere", tmp_path / "shards"
    elsewhere.mkdir()
    options = small_options(
        sources, tmp_path / "first", size=32, samples=8, depth_model="densedepth-lite",
        depth_mode="layered",
    )  # fmt: skip
    shutil.copytree(build_dataset(options).out, shards)
    options = dataclasses.replace(options, out=shards)
    (shards / MANIFEST).unlink()
    (shards / "train-000000.tar").unlink()
    own = layers_folder(shards, build_id(read_plan(shards)))
    place = shards / FOLDER / below.replace("BUILD", own.name)
    place.parent.mkdir(parents=True, exist_ok=True)
    link(elsewhere, place)
    with pytest.raises(RunError, match="expected a folder of its own, found a link"):
        build_dataset(options)
    assert list(elsewhere.iterdir()) == []


def test_no_picture_of_plain_folders_is_written_beyond_a_link(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
    elsewhere.mkdir()
    convert_dataset(plain_build.out, out, "folders", workers=1)
    shutil.rmtree(out / "val" / "mask")
    link(elsewhere, out / "val" / "mask")
    with pytest.raises(RunError, match="expected a folder of its own, found a link"):
        convert_dataset(plain_build.out, out, "folders", workers=1)
    assert list(elsewhere.iterdir()) == []


def test_what_was_set_aside_outlives_overwrite(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    (shards / "holiday.tar").write_bytes(DIARY)
    repair_dataset(find_site(shards), verify_dataset(shards, workers=1), workers=1)
    build_dataset(small_options(sources, shards, seed=1, overwrite=True))
    assert (shards / SET_ASIDE / "holiday.tar").read_bytes() == DIARY
    assert verify_dataset(shards, workers=1).sound
