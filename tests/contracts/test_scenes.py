"""Scenes with every option on: one data set, however it is built, read or drawn again"""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small import draw_background, draw_foreground, files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan
from pipeline.render import render_scene
from pipeline.rendering.on_the_fly import open_on_the_fly
from pipeline.rendering.site import find_site
from pipeline.repair import repair_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import InputError
from shards.reading.open import open_dataset
from shards.records.manifest import MANIFEST, read_plan

EVERYTHING: dict[str, Any] = {
    "size": (72, 48),
    "objects": (0, 4),
    "rotate": 40,
    "truncate": 0.4,
    "max_overlap": 0.4,
    "bg_crop": 0.5,
    "bg_flip": True,
    "balance": "category",
    "distractor_count": (0, 3),
    "samples": 60,
    "samples_per_shard": 16,
    "val_fraction": 0.4,
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pictures")
    names = ("cars/a", "cars/b", "cars/c", "cars/d", "people/a", "people/b", "lone")
    for folder, seeds in (("fg", names), ("distractors", ("x", "y", "z"))):
        for seed, name in enumerate(seeds):
            path = root / folder / f"{name}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            draw_foreground(seed + 100 * (folder == "distractors")).save(path)
    (root / "bg").mkdir()
    for seed in range(4):
        draw_background(seed).save(root / "bg" / f"{seed}.png")
    return root


def everything(pictures: Path, out: Path, **changes: Any) -> BuildOptions:
    given = {"distractors": pictures / "distractors"} | EVERYTHING | changes
    return small_options(pictures, out, **given)


@pytest.fixture(scope="module")
def built(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_dataset(everything(pictures, tmp_path_factory.mktemp("everything") / "shards"))


def test_parts_growth_and_workers_give_the_same_files(
    built: BuildResult, pictures: Path, tmp_path: Path
) -> None:
    wanted = files_of(built.out)
    for part in ("1/3", "0/3", "2/3"):
        parted = build_dataset(everything(pictures, tmp_path / "parts", part=part))
    assert parted.digest == built.digest
    build_dataset(everything(pictures, tmp_path / "grown", samples=25))
    grown = build_dataset(everything(pictures, tmp_path / "grown", workers=2))
    assert grown.digest == built.digest
    assert files_of(tmp_path / "parts") == files_of(tmp_path / "grown") == wanted


def test_samples_carry_their_own_background_and_there_are_no_shards_of_them(
    built: BuildResult,
) -> None:
    dataset = open_dataset(built.out)
    assert dataset.manifest["backgrounds"] == []
    assert not list(built.out.glob("background-*"))
    crops = {tuple(sample.info["crop"]) for sample in dataset}
    assert len(crops) > 30
    assert {sample.info["background_flip"] for sample in dataset} == {False, True}
    for sample in dataset:
        clear = sample.mask == 0
        apart = np.abs(sample.image[clear].astype(int) - sample.background[clear])
        assert not clear.any() or apart.mean() < 6  # two JPEGs of the same pixels


def test_the_json_agrees_with_the_instances(built: BuildResult) -> None:
    counts = []
    for sample in open_dataset(built.out):
        instances, objects = sample.instances, sample.info["objects"]
        counts.append(len(objects) + sample.info["omitted"])
        assert instances.max(initial=0) <= len(objects)
        assert [each["area"] for each in objects] == [
            int((instances == number).sum()) for number in range(1, len(objects) + 1)
        ]
        assert ((instances > 0) <= (sample.mask > 0)).all()
        if not objects:
            assert not sample.mask.any()
    assert set(counts) == {0, 1, 2, 3, 4}


def test_no_source_is_shown_in_two_splits(built: BuildResult) -> None:
    shown: dict[str, set[tuple[str, str]]] = {"train": set(), "val": set()}
    for sample in open_dataset(built.out):
        info = sample.info
        names = {("fg", each["foreground"]) for each in info["objects"]}
        names |= {("distractors", each["source"]) for each in info["distractors"]}
        shown[sample.split] |= names | {("bg", info["background"])}
    assert not shown["train"] & shown["val"]
    assert {role for role, _ in shown["train"]} == {"fg", "bg", "distractors"}


def test_it_is_verified_repaired_and_rendered_from_its_sources(
    built: BuildResult, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(built.out, tmp_path / "copy"))
    assert verify_dataset(out, deep=True, site=find_site(out), share=1, workers=1).sound
    damaged = out / "train-000001.tar"
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"x")
    verdict = verify_dataset(out, deep=True, workers=1)
    assert [each.name for each in verdict.broken] == ["train-000001.tar"]
    assert repair_dataset(find_site(out), verdict, workers=1).sound
    assert files_of(out) == files_of(built.out)
    stored = open_dataset(out).sample("val", 5)
    again = render_scene(out, "val", 5).sample
    assert np.array_equal(again.mask, stored.mask)
    assert np.array_equal(again.instances, stored.instances)
    assert again.background.data == stored.get("background.jpg")
    assert again.info == stored.info


def test_samples_drawn_on_the_fly_are_those_of_the_build(
    built: BuildResult, pictures: Path, tmp_path: Path
) -> None:
    drawn = open_on_the_fly(everything(pictures, tmp_path / "none"))
    stored = open_dataset(built.out)
    for split, position in (("train", 0), ("train", 30), ("val", 7)):
        one, other = drawn.sample(split, position), stored.sample(split, position)
        assert set(one.fields) == set(other.fields)
        assert all(one.get(field) == other.get(field) for field in other.fields)


def test_a_plan_without_its_distractors_is_another(pictures: Path, tmp_path: Path) -> None:
    build_dataset(everything(pictures, tmp_path / "shards", samples=10))
    with pytest.raises(InputError, match=r"--distractors \(True there, False here\)"):
        build_dataset(
            dataclasses.replace(
                everything(pictures, tmp_path / "shards", samples=10),
                distractors=None,
                distractor_count=(0, 2),
            )
        )
    few = Path(shutil.copytree(pictures, tmp_path / "few"))
    (few / "distractors" / "z.png").unlink()
    with pytest.raises(InputError, match="the distractors sources"):
        build_dataset(everything(few, tmp_path / "shards", samples=10))


def test_a_distractor_that_is_a_foreground_is_refused(pictures: Path, tmp_path: Path) -> None:
    mixed = Path(shutil.copytree(pictures, tmp_path / "mixed"))
    shutil.copy(mixed / "fg" / "cars" / "a.png", mixed / "distractors" / "again.png")
    with pytest.raises(InputError, match=r"again\.png: .*found the foreground cars/a\.png"):
        build_dataset(everything(mixed, tmp_path / "shards"))
    assert not (tmp_path / "shards").exists()


def test_balanced_scenes_show_every_category_equally_often(built: BuildResult) -> None:
    plan = Plan(read_plan(built.out))
    shown: dict[str, int] = {}
    rows = []
    for position in range(900):
        scene = plan.scene("train", position)
        rows.append((scene.background, scene.objects[0].flip if scene.objects else None))
        for each in scene.objects:
            category = str(plan.fg[each.foreground].category)
            shown[category] = shown.get(category, 0) + 1
    total = sum(shown.values())
    assert total == pytest.approx(2 * 900, rel=0.1)
    for count in shown.values():
        assert count / total == pytest.approx(1 / len(shown), abs=0.04)
    backgrounds = [background for background, _ in rows]
    counts = [backgrounds.count(index) for index in set(backgrounds)]
    assert max(counts) - min(counts) <= 2  # an epoch shows each, mirrored or not, once


def test_an_unfinished_set_is_finished_alike(
    built: BuildResult, pictures: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(built.out, tmp_path / "copy"))
    (out / MANIFEST).unlink()
    for name in ("train-000001", "val-000000"):
        (out / f"{name}.json").unlink()
    assert build_dataset(everything(pictures, out)).digest == built.digest
