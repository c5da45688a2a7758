"""pipeline/convert.py, shards/writing/transfer.py, pipeline/ingest/export_folders.py: the same
samples elsewhere
"""

import json
import shutil
from pathlib import Path
from typing import Literal

import pytest
from damages import flip_a_byte
from small import files_of

from pipeline.build import BuildResult
from pipeline.convert import convert_dataset
from shards.base.errors import InputError, RunError
from shards.reading.open import open_dataset
from shards.records.manifest import MANIFEST


def test_tar_to_lmdb_and_back_gives_what_builds_give(
    plain_build: BuildResult, lmdb_build: BuildResult, tmp_path: Path
) -> None:
    there = convert_dataset(plain_build.out, tmp_path / "lmdb", "lmdb", workers=1)
    back = convert_dataset(there.out, tmp_path / "tar", "tar", workers=2)
    assert (there.samples, there.made, there.kept) == (120, 7, 0)
    assert there.digest == lmdb_build.digest
    assert files_of(there.out) == files_of(lmdb_build.out)
    assert back.digest == plain_build.digest
    assert files_of(back.out) == files_of(plain_build.out)


def test_a_stopped_conversion_goes_on(
    plain_build: BuildResult, lmdb_build: BuildResult, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(lmdb_build.out, tmp_path / "lmdb"))
    for name in (MANIFEST, "train-000001.json", "val-000001.lmdb"):
        (out / name).unlink()
    (out / ".train-000001.lmdb.0.tmp").write_bytes(b"half")
    result = convert_dataset(plain_build.out, out, "lmdb", workers=1)
    assert (result.made, result.kept) == (2, 5)
    assert files_of(out) == files_of(lmdb_build.out)


def test_a_damaged_shard_is_named_and_not_copied(plain_build: BuildResult, tmp_path: Path) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    name = flip_a_byte(shards, "tar")[0]
    with pytest.raises(RunError, match=rf"{name}.*verify --repair"):
        convert_dataset(shards, tmp_path / "lmdb", "lmdb", workers=1)
    assert not (tmp_path / "lmdb" / MANIFEST).exists()


def test_another_data_set_in_the_target_is_refused(
    plain_build: BuildResult, lmdb_build: BuildResult, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="found another data set"):
        convert_dataset(plain_build.out, lmdb_build.out, "tar")
    with pytest.raises(InputError, match="the same one, or one inside the other"):
        convert_dataset(plain_build.out, plain_build.out / "lmdb", "lmdb")
    (tmp_path / "notes.txt").write_text("mine")
    for format in ("lmdb", "folders"):
        with pytest.raises(InputError, match="holds something else"):
            convert_dataset(plain_build.out, tmp_path, format)  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def tree(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_plain_folders_hold_every_field_of_every_sample(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    out = tmp_path / "folders"
    result = convert_dataset(plain_build.out, out, "folders", workers=2)
    assert (result.samples, result.made, result.digest) == (120, 120, None)
    dataset = open_dataset(plain_build.out)
    expected = {}
    for sample in dataset:
        place = f"{sample.split}/{{}}/{sample.key}".format
        expected[place("image") + ".jpg"] = sample.get("image.jpg")
        expected[place("mask") + ".png"] = sample.get("mask.png")
        expected[place("json") + ".json"] = sample.get("json")
        background = dataset.background_bytes(sample.info["background"])
        expected[place("background") + ".jpg"] = background
    found = tree(out)
    facts = json.loads(found.pop("folders.json"))
    assert found == expected
    assert facts == {
        "samples": {"train": 90, "val": 30, "test": 0},
        "size": [64, 64],
        "depth": None,
        "digest": plain_build.digest,
    }


def test_plain_folders_are_finished_and_mended(plain_build: BuildResult, tmp_path: Path) -> None:
    out = tmp_path / "folders"
    convert_dataset(plain_build.out, out, "folders", workers=1)
    whole = tree(out)
    (out / "train" / "image" / "train-000000007.jpg").unlink()
    (out / "val" / "mask" / "val-000000003.png").write_bytes(b"half a file")
    (out / "val" / "mask" / ".val-000000004.png.0.tmp").write_bytes(b"half")
    again = convert_dataset(plain_build.out, out, "folders", workers=1)
    assert (again.made, again.kept) == (2, 118)
    assert tree(out) == whole


@pytest.mark.parametrize("format", ["lmdb", "folders"])
def test_a_place_that_cannot_be_written_gets_a_sentence(
    plain_build: BuildResult, tmp_path: Path, format: Literal["lmdb", "folders"]
) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(InputError, match="a place in a folder, found a file in its way"):
        convert_dataset(plain_build.out, tmp_path / "file" / "below", format, workers=1)
