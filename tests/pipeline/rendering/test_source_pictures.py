"""pipeline/rendering/source_pictures.py: the same samples, whatever files their alpha lies in"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from matting import COUNT, draw_backgrounds, draw_cut_outs, part_alpha
from PIL import Image
from small import draw_foreground, files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.planning.plan import Plan
from pipeline.render import render_scene
from pipeline.rendering.site import find_site
from pipeline.repair import repair_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import InputError, RunError
from shards.reading.open import open_dataset
from shards.records.manifest import LOG, read_plan


def build(root: Path, out: str, fg: Path, **changes: object) -> BuildResult:
    chosen = {"split_by": "sample", "samples": 40, "samples_per_shard": 9, "bg": root / "bg"}
    return build_dataset(small_options(root, root / out, fg=fg, **(chosen | changes)))


def pixels_of(out: Path) -> list[tuple[bytes, bytes]]:
    return [(sample.get("image.jpg"), sample.get("mask.png")) for sample in open_dataset(out)]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    draw_backgrounds(tmp_path / "bg")
    draw_cut_outs(tmp_path / "cut-outs")
    part_alpha(tmp_path / "cut-outs", tmp_path / "fgr", tmp_path / "pha")
    part_alpha(tmp_path / "cut-outs", tmp_path / "both", tmp_path / "both", "_alpha.png")
    return tmp_path


def test_alpha_in_a_folder_or_beside_gives_the_samples_of_alpha_within(root: Path) -> None:
    within = build(root, "a", root / "cut-outs")
    apart = build(root, "b", root / "fgr", fg_alpha=root / "pha")
    beside = build(root, "c", root / "both")
    assert pixels_of(within.out) == pixels_of(apart.out) == pixels_of(beside.out)
    assert len({within.digest, apart.digest, beside.digest}) == 3
    for built in (apart, beside):
        assert verify_dataset(built.out, deep=True, site=find_site(built.out), share=1).sound
        assert (
            build_dataset(
                small_options(
                    root,
                    built.out,
                    split_by="sample",
                    samples=40,
                    samples_per_shard=9,
                    bg=root / "bg",
                    fg=root / ("fgr" if built is apart else "both"),
                    fg_alpha=root / "pha" if built is apart else None,
                )
            ).digest
            == built.digest
        )


def test_a_shard_is_repaired_from_alpha_files_that_moved(root: Path) -> None:
    built = build(root, "a", root / "fgr", fg_alpha=root / "pha")
    before = files_of(built.out)
    (root / "pha").rename(root / "elsewhere")
    with pytest.raises(InputError, match=r"--fg-alpha .*name the new place with --fg-alpha$"):
        find_site(built.out)
    (built.out / "train-000001.tar").write_bytes(b"x")
    verdict = verify_dataset(built.out)
    site = find_site(built.out, fg_alpha=root / "elsewhere")
    assert repair_dataset(site, verdict, workers=1).sound
    assert files_of(built.out) == before
    again = render_scene(built.out, "val", 3, fg_alpha=root / "elsewhere").sample
    assert np.array_equal(again.mask, open_dataset(built.out).sample("val", 3).mask)
    (built.out / LOG).unlink()
    with pytest.raises(InputError, match="name this one with --fg-alpha"):
        find_site(built.out, fg=root / "fgr", bg=root / "bg")


def test_a_folder_that_a_data_set_has_no_source_of_is_refused(root: Path) -> None:
    built = build(root, "a", root / "cut-outs")
    with pytest.raises(InputError, match=r"alphas in the pictures .* remove --fg-alpha$"):
        render_scene(built.out, "val", 3, fg_alpha=root / "pha")
    with pytest.raises(InputError, match=r"show distractors, found none .* remove --distractors$"):
        find_site(built.out, distractors=root / "things")


def test_an_alpha_file_that_changed_is_named(root: Path) -> None:
    built = build(root, "a", root / "fgr", fg_alpha=root / "pha")
    for path in (root / "pha").rglob("*.png"):
        with Image.open(path) as alpha:
            alpha.point(lambda value: value // 2).save(path)
    with pytest.raises(RunError, match=r"pha/.*png: .* found another content"):
        render_scene(built.out, "train", 0)
    with pytest.raises(InputError, match="a difference in the fg sources"):
        build(root, "a", root / "fgr", fg_alpha=root / "pha")


def test_parts_are_drawn_as_pictures_of_their_own(root: Path) -> None:
    for folder in ("together", "apart"):
        (root / folder).mkdir()
    first, second = draw_foreground(0), draw_foreground(1)
    canvas = Image.new("RGBA", (first.width + second.width, 150))
    canvas.paste(first, (0, 0))
    canvas.paste(second, (first.width, 150 - second.height))
    canvas.save(root / "together" / "a.png")
    for part, left in enumerate((0, first.width)):
        alone = Image.new("RGBA", canvas.size)
        box = (left, 0, left + (first, second)[part].width, 150)
        alone.paste(canvas.crop(box), box[:2])
        alone.putalpha(alone.getchannel("A").point(lambda value: value if value >= 8 else 0))
        alone.save(root / "apart" / f"{part}.png")
    split = build(root, "a", root / "together", split_objects=True)
    assert pixels_of(split.out) == pixels_of(build(root, "b", root / "apart").out)
    sources = read_plan(split.out)["sources"]["fg"]
    assert [(source["name"], source["part"]) for source in sources] == [("a.png", 0), ("a.png", 1)]
    facts = [sample.info["objects"][0] for sample in open_dataset(split.out)]
    assert {(each["foreground"], each["part"]) for each in facts} == {("a.png", 0), ("a.png", 1)}
    kept = build(root, "a", root / "together", split_objects=True)
    assert (kept.shards_made, kept.digest) == (0, split.digest)
    with pytest.raises(InputError, match=r"--split-objects \(True there, False here\)"):
        build(root, "a", root / "together")


def test_categories_stand_in_the_plan_by_name(root: Path) -> None:
    built = build(root, "a", root / "cut-outs", category="thing")
    assert read_plan(built.out)["categories"] == ["b", "thing"]
    assert open_dataset(built.out).categories == {"b": 1, "thing": 2}


def test_decontaminated_edges_change_colours_and_no_mask(root: Path) -> None:
    pytest.importorskip("pymatting")
    plain = build(root, "a", root / "cut-outs")
    clean = build(root, "b", root / "cut-outs", decontaminate=True)
    ours, theirs = pixels_of(plain.out), pixels_of(clean.out)
    assert [mask for _, mask in ours] == [mask for _, mask in theirs]
    assert sum(one != other for (one, _), (other, _) in zip(ours, theirs, strict=True)) > 30
    versions = json.loads((clean.out / "plan.json").read_bytes())["versions"]
    assert {"pymatting", "numba"} <= versions.keys()
    assert not {"pymatting", "numba"} & read_plan(plain.out)["versions"].keys()
    again = render_scene(clean.out, "train", 5).sample
    assert np.array_equal(again.mask, open_dataset(clean.out).sample("train", 5).mask)
    assert verify_dataset(clean.out, deep=True, site=find_site(clean.out), share=1).sound


def test_an_alpha_folder_that_lies_beside_the_build_is_no_matter(root: Path) -> None:
    shutil.copytree(root / "fgr", root / "set" / "fgr")
    shutil.copytree(root / "pha", root / "set" / "fgr" / "pha")
    inside = build(root, "a", root / "set" / "fgr", fg_alpha=root / "set" / "fgr" / "pha")
    outside = build(root, "b", root / "fgr", fg_alpha=root / "pha")
    assert inside.digest == outside.digest


def test_distractors_are_checked_split_and_found_like_foregrounds(root: Path) -> None:
    (root / "things").mkdir()
    for seed in range(20, 26):
        draw_foreground(seed).convert("RGB").save(root / "things" / f"{seed}.png")
        draw_foreground(seed).getchannel("A").save(root / "things" / f"{seed}_mask.png")
    chosen = {"distractors": root / "things", "distractor_count": (1, 2), "split_by": "source"}
    built = build(root, "a", root / "cut-outs", val_fraction=0.4, **chosen)
    sources = read_plan(built.out)["sources"]["distractors"]
    assert [source["name"] for source in sources] == [f"{seed}.png" for seed in range(20, 26)]
    assert sources[0]["alpha"]["name"] == "20_mask.png"
    assert {source["category"] for source in sources} == {None}
    splits = {source["name"]: source["split"] for source in sources}
    assert sorted(splits.values()) == ["train"] * 4 + ["val"] * 2
    for sample in open_dataset(built.out):
        drawn = [each["source"] for each in sample.info["distractors"]]
        assert 1 <= len(drawn) <= 2
        assert {splits[name] for name in drawn} == {sample.split}
    assert verify_dataset(built.out, deep=True, site=find_site(built.out), share=1).sound
    again = build(root, "a", root / "cut-outs", val_fraction=0.4, **chosen)
    assert (again.shards_made, again.digest) == (0, built.digest)
    (root / "things").rename(root / "elsewhere")
    with pytest.raises(InputError, match=r"name the new place with --distractors$"):
        find_site(built.out)
    moved = render_scene(built.out, "train", 3, distractors=root / "elsewhere").sample
    stored = open_dataset(built.out).sample("train", 3)
    assert np.array_equal(moved.mask, stored.mask)
    assert moved.info == stored.info


def test_a_distractor_that_is_a_foreground_is_refused_before_anything_is_written(
    root: Path,
) -> None:
    (root / "things").mkdir()
    shutil.copy(root / "cut-outs" / "b" / "3.png", root / "things" / "thing.png")
    draw_foreground(20).save(root / "things" / "a.png")
    with pytest.raises(InputError, match=r"--distractors: thing\.png: .*the foreground b/3\.png"):
        build(root, "a", root / "cut-outs", distractors=root / "things")
    assert not (root / "a").exists()


def test_a_split_without_distractors_is_said(root: Path) -> None:
    (root / "things").mkdir()
    draw_foreground(20).save(root / "things" / "a.png")
    built = build(root, "a", root / "cut-outs", distractors=root / "things", split_by="source")
    assert Plan(read_plan(built.out)).lacking()[-1] == "no distractors in val: add more"
    val = open_dataset(built.out).split("val")
    assert not any(sample.info["distractors"] for sample in val)


def test_parts_of_a_build_decontaminate_each_picture_once_between_them(root: Path) -> None:
    pytest.importorskip("pymatting")
    chosen = {"fg": root / "cut-outs", "decontaminate": True}
    whole = build(root, "whole", workers=2, **chosen)
    build(root, "a", part="0/3", **chosen)
    kept = sorted(path for path in (root / "a" / ".layers").rglob("*") if path.is_file())
    assert len(kept) == COUNT
    before = [path.stat().st_mtime_ns for path in kept]
    kept[0].write_bytes(kept[0].read_bytes()[:-9])
    kept[1].write_bytes(kept[2].read_bytes())
    build(root, "a", part="1/3", **chosen)
    assert [path.stat().st_mtime_ns for path in kept][2:] == before[2:]
    assert build(root, "a", **chosen).digest == whole.digest
    assert files_of(root / "a") == files_of(root / "whole")
    assert not (root / "a" / ".layers").exists()


def test_all_options_of_sources_at_once_give_one_digest(root: Path) -> None:
    pytest.importorskip("pymatting")
    (root / "things").mkdir()
    for seed in range(20, 26):
        draw_foreground(seed).save(root / "things" / f"{seed}.png")
    chosen = {
        "fg": root / "fgr",
        "fg_alpha": root / "pha",
        "distractors": root / "things",
        "split_by": "group",
        "test_fraction": 0.25,
        "split_objects": True,
        "decontaminate": True,
        "category": "thing",
        "samples": 60,
    }
    whole = build(root, "whole", workers=2, **chosen)
    assert min(whole.samples.values()) > 0
    assert build(root, "lmdb", format="lmdb", **chosen).samples == whole.samples
    for number in range(3):
        build(root, "parts", part=f"{number}/3", **chosen)
    build(root, "grown", **(chosen | {"samples": 30}))
    for out in ("parts", "grown"):
        again = build(root, out, **chosen)
        assert again.digest == whole.digest
        assert files_of(root / out) == files_of(whole.out)
    assert verify_dataset(whole.out, deep=True, site=find_site(whole.out), share=1).sound
