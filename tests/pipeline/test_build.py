"""pipeline/build.py with pipeline/rendering/shard_maker.py and pipeline/engines, on real folders"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from small import draw_background, files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.output.event_log import log_event
from shards.base.errors import InputError, RunError
from shards.reading.open import open_dataset
from shards.records.manifest import LOG


def test_workers_do_not_change_a_byte(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    two = build_dataset(small_options(sources, tmp_path / "two", workers=2))
    assert two.digest == plain_build.digest
    assert files_of(two.out) == files_of(plain_build.out)


def test_lmdb_builds_are_equal_too_and_hold_the_same_samples(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    builds = [
        build_dataset(small_options(sources, tmp_path / str(n), format="lmdb", workers=n))
        for n in (1, 2)
    ]
    assert builds[0].digest == builds[1].digest
    tar, lmdb = open_dataset(plain_build.out), open_dataset(builds[0].out)
    assert len(tar) == len(lmdb) == 120
    for a, b in zip(tar, lmdb, strict=True):
        assert {f: a.get(f) for f in a.fields} == {f: b.get(f) for f in b.fields}
        assert np.array_equal(a.background, b.background)
    assert tar.stats == lmdb.stats


def test_the_same_command_again_makes_nothing(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    again = build_dataset(small_options(sources, copy))
    assert (again.shards_made, again.shards_kept) == (0, 7)
    assert again.digest == plain_build.digest


def test_only_shards_without_a_record_are_made(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    (copy / "train-000001.json").unlink()
    (copy / "val-000000.tar").unlink()
    (copy / "dataset.json").unlink()
    again = build_dataset(small_options(sources, copy))
    assert again.shards_made == 2
    assert files_of(copy) == files_of(plain_build.out)


def test_mean_and_std_are_those_of_all_decoded_pixels(plain_build: BuildResult) -> None:
    dataset = open_dataset(plain_build.out)
    for split in ("train", "val"):
        samples = list(dataset.split(split))
        for field in ("image", "mask", "background"):
            pixels = np.stack([getattr(sample, field) for sample in samples]) / 255
            axes = (0, 1, 2)
            written = dataset.stats["splits"][split][field]
            assert written["mean"] == pytest.approx(np.atleast_1d(pixels.mean(axes)), abs=1e-12)
            assert written["std"] == pytest.approx(np.atleast_1d(pixels.std(axes)), abs=1e-12)


def test_other_options_on_the_same_folder_are_refused_by_name(
    plain_build: BuildResult, sources: Path
) -> None:
    with pytest.raises(InputError, match=r"--image-quality \(90 there, 80 here\)"):
        build_dataset(small_options(sources, plain_build.out, image_quality=80))


def test_other_sources_on_the_same_folder_are_refused(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    draw_background(77).save(moved / "bg" / "new.png")
    with pytest.raises(InputError, match="the bg sources"):
        build_dataset(small_options(moved, plain_build.out))


def test_overwrite_begins_anew(plain_build: BuildResult, sources: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    other = build_dataset(small_options(sources, copy, seed=1, overwrite=True))
    assert other.shards_kept == 0
    assert other.digest != plain_build.digest


@pytest.mark.parametrize("name", ["notes.txt", "train-000000.tar"])
def test_a_folder_that_holds_something_else_is_left_alone(
    sources: Path, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(InputError, match="holds something else"):
            build_dataset(small_options(sources, tmp_path, overwrite=overwrite))
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_nothing_is_written_when_sources_are_wrong(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        build_dataset(small_options(sources, tmp_path / "out", fg=sources / "bg"))
    assert not (tmp_path / "out").exists()


def test_strict_takes_a_skipped_file_as_an_error(sources: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    (moved / "fg" / "notes.txt").write_text("notes")
    with pytest.raises(InputError, match="expected every file to be usable"):
        build_dataset(small_options(moved, tmp_path / "out", strict=True))
    assert not (tmp_path / "out").exists()
    assert build_dataset(small_options(moved, tmp_path / "out")).skipped[0].path == "fg/notes.txt"


def test_inline_backgrounds_are_the_shared_ones(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    options = small_options(sources, tmp_path / "inline", inline_backgrounds=True)
    inline = open_dataset(build_dataset(options).out)
    shared = open_dataset(plain_build.out)
    for a, b in zip(inline, shared, strict=True):
        assert "background.jpg" in a.fields
        assert np.array_equal(a.background, b.background)
    assert inline.stats == shared.stats


def test_a_read_only_place_is_said_in_a_sentence(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises((InputError, RunError), match="--out"):
        build_dataset(small_options(sources, tmp_path / "file" / "below"))


def test_half_a_line_in_the_log_spoils_no_other(tmp_path: Path) -> None:
    log_event(tmp_path, event="one")
    with (tmp_path / LOG).open("ab") as file:
        file.write(b'{"time": "2026-')
    log_event(tmp_path, event="two")
    lines = (tmp_path / LOG).read_text().splitlines()
    assert [json.loads(lines[n])["event"] for n in (0, 2)] == ["one", "two"]
    assert len(lines) == 3
