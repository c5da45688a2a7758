"""pipeline/render.py"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small import small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.render import render_scene, write_scene
from pipeline.verify import verify_dataset
from shards.base.errors import InputError, RunError
from shards.pixels.codecs import encode_jpeg
from shards.reading.open import open_dataset
from shards.records.manifest import LOG, PLAN


@pytest.mark.parametrize(("split", "position"), [("train", 0), ("train", 89), ("val", 27)])
def test_a_sample_is_rendered_again_bit_for_bit(
    plain_build: BuildResult, split: str, position: int
) -> None:
    stored = open_dataset(plain_build.out).sample(split, position)
    again = render_scene(plain_build.out, split, position).sample
    assert encode_jpeg(again.image, 90) == stored.get("image.jpg")
    assert np.array_equal(again.mask, stored.mask)
    assert again.info == stored.info


def test_a_test_sample_is_built_verified_and_rendered_again(sources: Path, tmp_path: Path) -> None:
    chosen = {"test_fraction": 0.2, "samples": 40}
    built = build_dataset(small_options(sources, tmp_path / "shards", **chosen))
    assert built.samples == {"val": 10, "test": 8, "train": 22}
    assert verify_dataset(built.out, deep=True, workers=1).sound
    dataset = open_dataset(built.out)
    stored = dataset.split("test")[7]
    again = render_scene(built.out, "test", 7).sample
    assert encode_jpeg(again.image, 90) == stored.get("image.jpg")
    assert (again.info, stored.key) == (stored.info, "test-000000007")
    assert [sample.split for sample in dataset] == ["train"] * 22 + ["val"] * 10 + ["test"] * 8


def test_depth_is_predicted_again_bit_for_bit(tiny_dataset: Path) -> None:
    for position in (3, 20, 35):
        stored = open_dataset(tiny_dataset).sample("train", position)
        again = render_scene(tiny_dataset, "train", position).sample
        assert again.depth_codes is not None
        assert np.array_equal(again.depth_codes, stored.depth_codes)


def test_sources_that_moved_can_be_named(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    (copy / LOG).unlink()
    with pytest.raises(InputError, match="name them with --fg and --bg"):
        render_scene(copy, "val", 0)
    again = render_scene(copy, "val", 0, fg=sources / "fg", bg=sources / "bg").sample
    assert np.array_equal(again.mask, open_dataset(copy).sample("val", 0).mask)


def test_a_sample_is_written_as_plain_pictures(plain_build: BuildResult, tmp_path: Path) -> None:
    drawn = render_scene(plain_build.out, "train", 4)
    names = {path.name for path in write_scene(drawn, tmp_path / "out")}
    layers = {"background.png", "instances.png", "instances-colour.png", "object-00.png"}
    assert names == {"background.jpg", "image.png", "mask.png", "sample.json"} | layers
    with Image.open(tmp_path / "out" / "image.png") as picture:
        assert np.array_equal(np.asarray(picture), drawn.sample.image)


def test_layers_put_together_are_the_sample(plain_build: BuildResult, tmp_path: Path) -> None:
    drawn = render_scene(plain_build.out, "val", 3)
    write_scene(drawn, tmp_path)
    with Image.open(tmp_path / "background.png") as background:
        picture = background.convert("RGB")
    for path in sorted(tmp_path.glob("object-*.png")):
        with Image.open(path) as layer:
            assert layer.size == picture.size
            picture.paste(layer, (0, 0), layer)
    assert np.array_equal(np.asarray(picture), drawn.sample.image)
    with Image.open(tmp_path / "instances.png") as instances:
        stored = open_dataset(plain_build.out).sample("val", 3)
        assert np.array_equal(np.asarray(instances), stored.instances)


def test_an_overlay_is_drawn_when_it_is_wanted(plain_build: BuildResult, tmp_path: Path) -> None:
    drawn = render_scene(plain_build.out, "train", 4)
    assert tmp_path / "overlay.png" in write_scene(drawn, tmp_path, overlay=True)
    with Image.open(tmp_path / "overlay.png") as overlay:
        assert overlay.size == (640, 640)


@pytest.mark.parametrize(("split", "position"), [("test", 0), ("val", 30), ("train", -1)])
def test_names_that_do_not_exist_are_refused(
    plain_build: BuildResult, split: str, position: int
) -> None:
    with pytest.raises(InputError):
        render_scene(plain_build.out, split, position)


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"event": 3}', '{"event": "build", "fg": 5, "bg": "b"}', "\udcff"]
)
def test_a_torn_log_is_read_as_far_as_it_goes(
    line: str, plain_build: BuildResult, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    with (copy / LOG).open("a", encoding="utf-8", errors="surrogateescape") as file:
        file.write(line)
    if "fg" in line:
        with pytest.raises(InputError, match="name them with --fg and --bg"):
            render_scene(copy, "val", 0)
    else:
        assert render_scene(copy, "val", 0).sample.info["split"] == "val"


def test_a_log_that_names_impossible_folders_ends_in_a_sentence(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    (copy / LOG).write_text(json.dumps({"event": "build", "fg": "a\0b", "bg": "\ud800"}))
    with pytest.raises(InputError, match=r"expected the folder of the foregrounds .* no such"):
        render_scene(copy, "val", 0)


def test_a_plan_that_takes_a_background_for_a_foreground_ends_in_a_sentence(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    plan = json.loads((copy / PLAN).read_bytes())
    plan["sources"]["fg"] = plan["sources"]["bg"]
    (copy / PLAN).write_text(json.dumps(plan))
    with pytest.raises(RunError, match="found no alpha channel"):
        render_scene(copy, "train", 0, fg=sources / "bg", bg=sources / "bg")
