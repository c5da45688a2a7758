"""pipeline/ingest/folder_samples.py, pipeline/ingest/folder_shards.py,
pipeline/ingest/import_folders.py: plain folders taken over
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from ready_folders import SIZE, draw_folders
from small import draw_background, files_of, small_options

from depthmask.reports.report import write_report
from depthmask.reports.stats import dataset_stats
from pipeline.build import BuildResult, build_dataset
from pipeline.convert import convert_dataset
from pipeline.ingest.export_folders import FOLDERS
from pipeline.ingest.folder_samples import read_folder_facts
from pipeline.render import render_scene
from pipeline.rendering.site import find_site
from pipeline.verify import verify_dataset
from shards.base.errors import InputError, RunError
from shards.pixels.codecs import decode_jpeg
from shards.reading.open import open_dataset
from shards.records.manifest import MANIFEST


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    return draw_folders(tmp_path / "folders")


def test_every_sample_is_there_as_it_was(folders: Path, tmp_path: Path) -> None:
    (folders / "image" / "Thumbs.db").write_bytes(b"a system's")
    out = tmp_path / "shards"
    result = convert_dataset(folders, out, "tar", depth_kind="inverse", workers=1)
    dataset = open_dataset(out)
    assert result.samples == len(dataset) == 12
    assert result.digest == dataset.digest
    assert dataset.depth is not None
    assert (dataset.depth.kind, dataset.depth.bits) == ("inverse", 8)
    assert dataset.depth.size == (SIZE, SIZE)
    for sample in dataset:
        name = sample.info["name"]
        assert sample.get("image.jpg") == (folders / "image" / f"{name}.jpg").read_bytes()
        for place, pixels in (("mask", sample.mask), ("depth", sample.depth_codes)):
            with Image.open(folders / place / f"{name}.png") as picture:
                assert np.array_equal(np.asarray(picture), pixels)
        with Image.open(folders / "background" / f"{name}.png") as picture:
            error = np.abs(np.asarray(picture).astype(int) - sample.background).mean()
        assert error < 4  # one JPEG at quality 90
        (each,) = sample.info["objects"]
        x, y, width, height = each["box"]
        inside = np.zeros((SIZE, SIZE), bool)
        inside[y : y + height, x : x + width] = True
        assert sample.mask[~inside].max() < 128 <= sample.mask[inside].max()
        assert each["area"] == np.count_nonzero(sample.mask >= 128)


def test_whole_backgrounds_are_held_out(folders: Path, tmp_path: Path) -> None:
    convert_dataset(folders, tmp_path / "shards", "lmdb", depth_kind="metric", workers=1)
    dataset = open_dataset(tmp_path / "shards")
    of_split = {
        split: {sample.info["background"] for sample in dataset.split(split)}
        for split in ("train", "val")
    }
    assert len(dataset.manifest["sources"]["bg"]) == 3
    assert (len(of_split["train"]), len(of_split["val"])) == (2, 1)
    assert not of_split["train"] & of_split["val"]


def test_it_reads_verifies_and_converts_like_any_other(folders: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    first = convert_dataset(folders, shards, "tar", depth_kind="inverse", workers=1)
    assert verify_dataset(shards, deep=True, workers=1).sound
    facts = dataset_stats(shards, recompute=True, workers=1)
    assert facts["sources"]["fg"]["count"] == 0
    assert facts["sources"]["bg"]["count"] == 3
    there = convert_dataset(shards, tmp_path / "lmdb", "lmdb", workers=1)
    back = convert_dataset(there.out, tmp_path / "tar", "tar", workers=1)
    assert back.digest == first.digest
    (shards / "train-000000.tar").write_bytes(b"")
    assert verify_dataset(shards, workers=1).names == ["train-000000.tar"]


def test_it_cannot_be_drawn_again_and_says_so(folders: Path, sources: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    convert_dataset(folders, shards, "tar", depth_kind="inverse", workers=1)
    taken = "a data set that was taken over from plain folders"
    with pytest.raises(InputError, match=taken):
        render_scene(shards, "train", 0)
    with pytest.raises(InputError, match=taken):
        find_site(shards)
    before = files_of(shards)
    with pytest.raises(InputError, match=taken):
        build_dataset(small_options(sources, shards))
    assert files_of(shards) == before


def test_a_data_set_survives_the_way_through_folders(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    convert_dataset(plain_build.out, tmp_path / "folders", "folders", workers=1)
    convert_dataset(tmp_path / "folders", tmp_path / "shards", "tar", workers=1)
    ours, theirs = open_dataset(plain_build.out), open_dataset(tmp_path / "shards")
    assert ours.stats == theirs.stats
    for a, b in zip(ours, theirs, strict=True):
        assert a.key == b.key
        assert a.get("image.jpg") == b.get("image.jpg")
        assert a.get("mask.png") == b.get("mask.png")
        assert np.array_equal(a.background, b.background)


def test_a_stopped_takeover_goes_on(folders: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    first = convert_dataset(folders, shards, "tar", depth_kind="inverse", workers=1)
    whole = files_of(shards)
    for name in (MANIFEST, "train-000000.json"):
        (shards / name).unlink()
    again = convert_dataset(folders, shards, "tar", depth_kind="inverse", workers=1)
    assert (again.made, again.digest) == (1, first.digest)
    assert files_of(shards) == whole
    next((folders / "mask").iterdir()).unlink()
    with pytest.raises(InputError, match="not in mask"):
        convert_dataset(folders, shards, "tar", depth_kind="inverse", workers=1)


def test_a_jpeg_that_only_pillow_reads_is_encoded_anew(folders: Path, tmp_path: Path) -> None:
    """Its scan says that it holds no coefficients: to Pillow a warning; found by the fuzzer."""
    for path in (folders / "image").iterdir():
        data = bytearray(path.read_bytes())
        scan = data.index(b"\xff\xda")
        data[scan + 6 + 2 * data[scan + 4]] = 0
        path.write_bytes(data)
        with pytest.raises(ValueError, match="Invalid SOS"):
            decode_jpeg(bytes(data))
    convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    assert verify_dataset(tmp_path / "shards", deep=True, workers=1).sound
    for sample in open_dataset(tmp_path / "shards"):
        with Image.open(folders / "image" / f"{sample.info['name']}.jpg") as picture:
            assert np.abs(sample.image.astype(int) - np.asarray(picture)).mean() < 4


def lose_a_mask(folders: Path) -> None:
    (folders / "mask" / "fg03_bg.0.png").unlink()


def add_a_second_ending(folders: Path) -> None:
    shutil.copy(folders / "mask" / "fg03_bg.0.png", folders / "mask" / "fg03_bg.0.webp")


def stretch_an_image(folders: Path) -> None:
    draw_background(3).resize((64, 48)).save(folders / "image" / "fg03_bg.0.jpg")


def enlarge_a_sample(folders: Path) -> None:
    for place in ("image", "background", "mask"):
        (path,) = (folders / place).glob("fg03_bg.0.*")
        with Image.open(path) as picture:
            larger = picture.resize((64, 64))
        larger.save(path)


def colour_a_depth_map(folders: Path) -> None:
    draw_background(3).resize((SIZE, SIZE)).save(folders / "depth" / "fg03_bg.0.png")


def stretch_a_depth_map(folders: Path) -> None:
    flat = np.zeros((SIZE + 1, SIZE // 2), np.uint8)
    for path in (folders / "depth").iterdir():
        Image.fromarray(flat).save(path)


def mix_depth_formats(folders: Path) -> None:
    deep = np.full((SIZE, SIZE), 5000, np.uint16)
    Image.fromarray(deep).save(folders / "depth" / "fg03_bg.0.png")


def remove_the_masks(folders: Path) -> None:
    shutil.rmtree(folders / "mask")


def garble_a_picture(folders: Path) -> None:
    (folders / "image" / "fg03_bg.0.jpg").write_text("not a picture")


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lose_a_mask, r"fg03_bg.0 in image and not in mask \(1 such names\)"),
        (add_a_second_ending, "one picture of each name"),
        (stretch_an_image, "mask of one size, found 64 x 48, 48 x 48, 48 x 48"),
        (enlarge_a_sample, "48 x 48 pixels and 8-bit depth of 48 x 48, found 64 x 64"),
        (colour_a_depth_map, "a grey depth map of 8 or 16 bits, found mode RGB"),
        (stretch_a_depth_map, "depth of at most 48 x 48, as the image has, found 24 x 49"),
        (mix_depth_formats, "8-bit depth of 48 x 48, found 48 x 48 pixels and 16-bit"),
        (remove_the_masks, "found no mask"),
        (garble_a_picture, "expected a picture"),
    ],
)
def test_folders_that_do_not_fit_together_are_refused_with_nothing_written(
    folders: Path, tmp_path: Path, spoil: Callable[[Path], None], sentence: str
) -> None:
    spoil(folders)
    with pytest.raises(InputError, match=sentence):
        convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    assert not (tmp_path / "shards").exists()


def test_what_is_not_said_is_asked_for(folders: Path, tmp_path: Path) -> None:
    out = tmp_path / "shards"
    with pytest.raises(InputError, match="--depth-kind: expected metric"):
        convert_dataset(folders, out, "tar")
    with pytest.raises(InputError, match="a data set to unpack"):
        convert_dataset(folders, out, "folders")
    with pytest.raises(InputError, match="found neither"):
        convert_dataset(folders / "image", out, "tar")
    with pytest.raises(InputError, match="found no such folder"):
        convert_dataset(tmp_path / "nowhere", out, "tar")
    shutil.rmtree(folders / "depth")
    assert convert_dataset(folders, out, "tar", workers=1).samples == 12
    with pytest.raises(InputError, match="--depth-kind: expected plain folders"):
        convert_dataset(out, tmp_path / "other", "lmdb", depth_kind="metric")


def test_a_damaged_picture_is_named_and_the_rest_is_kept(folders: Path, tmp_path: Path) -> None:
    path = folders / "image" / "fg03_bg.0.jpg"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(RunError, match=r"fg03_bg\.0\.jpg: expected a whole picture"):
        convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    assert not (tmp_path / "shards" / MANIFEST).exists()


def test_unfinished_folders_of_ours_are_refused(plain_build: BuildResult, tmp_path: Path) -> None:
    folders = tmp_path / "folders"
    convert_dataset(plain_build.out, folders, "folders", workers=1)
    facts = json.loads((folders / "folders.json").read_text())
    for place in ("image", "mask", "background"):
        next((folders / "val" / place).glob("val-000000029.*")).unlink()
    with pytest.raises(InputError, match="90 train and 30 val samples, found 90 train and 29 val"):
        convert_dataset(folders, tmp_path / "shards", "tar")
    assert facts["samples"] == {"train": 90, "val": 30, "test": 0}


@pytest.mark.parametrize(
    "text", ["[]", "{", '{"samples": 5}', '{"samples": {"train": -1, "val": 0}}', "[" * 100_000]
)
def test_a_hostile_folders_json_is_refused_in_a_sentence(text: str, tmp_path: Path) -> None:
    (tmp_path / FOLDERS).write_text(text)
    with pytest.raises(InputError, match="expected what convert wrote"):
        read_folder_facts(tmp_path)


def test_a_report_shows_it_and_promises_no_drawing_again(folders: Path, tmp_path: Path) -> None:
    shards = tmp_path / "shards"
    convert_dataset(folders, shards, "tar", depth_kind="inverse", workers=1)
    page = write_report(shards, tmp_path / "page.html").read_text()
    assert "cannot be drawn again" in page
    assert "depthmask render" not in page
    assert "depthmask build-dataset" not in page


def test_folders_of_any_one_shape_are_taken_over(tmp_path: Path) -> None:
    folders = draw_folders(tmp_path / "folders", (72, 48))
    convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    dataset = open_dataset(tmp_path / "shards")
    assert dataset.size == (72, 48)
    assert dataset.depth is not None
    assert dataset.depth.size == (72, 48)
    assert dataset[0].image.shape == (48, 72, 3)
    assert {tuple(source["size"]) for source in dataset.manifest["sources"]["bg"]} == {(72, 48)}
    assert verify_dataset(tmp_path / "shards", deep=True, workers=1).sound


def test_a_picture_that_lies_on_its_side_counts_as_it_is_seen(tmp_path: Path) -> None:
    folders = draw_folders(tmp_path / "folders", (72, 48))
    for path in (folders / "image").iterdir():
        with Image.open(path) as picture:
            lying = picture.transpose(Image.Transpose.ROTATE_90)
        exif = lying.getexif()
        exif[0x0112] = 6
        lying.save(path, quality=95, exif=exif)
    convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    sample = open_dataset(tmp_path / "shards")[0]
    with Image.open(folders / "background" / f"{sample.info['name']}.png") as picture:
        behind = np.asarray(picture).astype(int)
    clear = sample.mask == 0
    assert np.abs(sample.image.astype(int) - behind)[clear].mean() < 5


def test_samples_that_are_too_small_are_refused(tmp_path: Path) -> None:
    folders = draw_folders(tmp_path / "folders", (72, 15))
    with pytest.raises(InputError, match="expected 16 to 4096 pixels a side, found 72x15"):
        convert_dataset(folders, tmp_path / "shards", "tar", depth_kind="inverse", workers=1)
    assert not (tmp_path / "shards").exists()
