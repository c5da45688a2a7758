"""pipeline/verify.py, pipeline/checking/findings.py, shards/checking/audit.py: exactly what is
broken is named
"""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from damages import DAMAGES, Damage, adopt
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.checking.redraw import spread_positions
from pipeline.rendering.site import find_site
from pipeline.repair import repair_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import InputError, RunError
from shards.pixels.moments import Moments
from shards.records.layout import ShardTask
from shards.records.manifest import MANIFEST, read_plan, read_record, replace_plan, write_record


@pytest.fixture(params=["tar", "lmdb"])
def store(request: pytest.FixtureRequest) -> str:
    """A format of shards."""
    return str(request.param)


@pytest.fixture
def shards(built: dict[str, Path], store: str, tmp_path: Path) -> Path:
    """A copy of a sound data set."""
    return Path(shutil.copytree(built[store], tmp_path / "shards"))


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_exactly_what_is_damaged_is_named(shards: Path, store: str, damage: Damage) -> None:
    damaged = damage(shards, store)
    verdict = verify_dataset(shards, workers=1)
    assert verdict.names == damaged
    assert not verdict.sound
    assert len(verdict.lines()) >= len(damaged)
    with pytest.raises(RunError, match=f"found {len(damaged)} broken; --repair makes"):
        verdict.require_sound(shards)


def test_a_folder_in_the_place_of_a_shard_is_named(built: dict[str, Path], tmp_path: Path) -> None:
    shards = Path(shutil.copytree(built["tar"], tmp_path / "shards"))
    place, record = shards / "train-000001.tar", read_record(shards, "train-000001.tar")
    assert record is not None
    place.unlink()
    place.mkdir()
    adopt(shards, dataclasses.replace(record, bytes=place.stat().st_size))
    (damage,) = verify_dataset(shards, workers=1).broken
    assert (damage.name, damage.reason) == ("train-000001.tar", "no regular file")
    with pytest.raises(RunError, match="Is a directory"):
        repair_dataset(find_site(shards), verify_dataset(shards, workers=1), workers=1)


def test_a_sound_data_set_is_sound_and_untouched(shards: Path) -> None:
    before = files_of(shards)
    verdict = verify_dataset(shards, deep=True, site=find_site(shards), share=1, workers=1)
    assert verdict.sound
    assert verdict.lines() == ["7 shards are as their records say"]
    verdict.require_sound(shards)
    assert files_of(shards) == before


def test_a_data_set_with_depth_is_drawn_again_to_the_same_bytes(tiny_dataset: Path) -> None:
    site = find_site(tiny_dataset)
    assert verify_dataset(tiny_dataset, deep=True, site=site, workers=1).sound


def test_an_unfinished_data_set_is_said_to_be_unfinished(shards: Path, store: str) -> None:
    for name in (MANIFEST, "train-000001.json", f"val-000000.{store}", "val-000000.json"):
        (shards / name).unlink()
    verdict = verify_dataset(shards, workers=1)
    assert (verdict.names, verdict.unmade) == ([], 2)
    with pytest.raises(RunError, match="2 of 7 shards are still to make; the same build-dataset"):
        verdict.require_sound(shards)


def test_a_data_set_that_is_growing_is_unfinished_and_not_broken(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    plan = read_plan(shards)
    replace_plan(shards, plan | {"options": plan["options"] | {"samples": 200}})
    verdict = verify_dataset(shards, workers=1)
    assert (verdict.names, verdict.unmade) == ([], 5)


def spoil(folder: Path, key: str, value: object) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {key: value}))


@pytest.mark.parametrize(
    ("key", "value"),
    [("digest", "0" * 64), ("stats", {}), ("shards", []), ("options", {}), ("backgrounds", 7)],
)
def test_a_wrong_dataset_json_is_told_from_wrong_shards(
    plain_build: BuildResult, tmp_path: Path, key: str, value: object
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    spoil(shards, key, value)
    verdict = verify_dataset(shards, workers=1)
    assert verdict.names == []
    assert verdict.manifest is not None
    assert not verdict.sound


def test_deep_finds_samples_that_the_plan_does_not_draw(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    other = build_dataset(small_options(sources, tmp_path / "other", seed=1))
    name = "train-000002.tar"
    ours, theirs = read_record(shards, name), read_record(other.out, name)
    assert ours is not None
    assert theirs is not None
    shutil.copy(other.out / name, shards / name)
    adopt(shards, dataclasses.replace(theirs, build=ours.build))
    assert verify_dataset(shards, deep=True, workers=1).sound
    verdict = verify_dataset(shards, deep=True, site=find_site(shards), workers=1)
    assert verdict.names == [name]
    assert verdict.lines()[0].endswith(".image.jpg is not what the plan draws")


def test_deep_finds_sums_that_are_not_those_of_the_pixels(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    record = read_record(shards, "val-000001.tar")
    assert record is not None
    ((count, total, squares),) = record.sums["mask"].channels
    sums = record.sums | {"mask": Moments(((count, total + 1, squares),))}
    adopt(shards, dataclasses.replace(record, sums=sums))
    assert verify_dataset(shards, workers=1).sound
    verdict = verify_dataset(shards, deep=True, workers=1)
    assert verdict.lines() == ["val-000001.tar: its pixels do not have the sums of its record"]


def test_sums_that_no_pixels_have_are_found_without_deep(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    """The fuzzer's: dataset.json was written after them, and could not be read."""
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    record = read_record(shards, "val-000001.tar")
    assert record is not None
    ((count, total, _),) = record.sums["mask"].channels
    sums = record.sums | {"mask": Moments(((count, total, 2**32),))}
    write_record(shards, dataclasses.replace(record, sums=sums))
    verdict = verify_dataset(shards, workers=1)
    assert verdict.lines()[0] == "val-000001.tar: its record has sums that no pixels have"
    assert repair_dataset(find_site(shards), verdict, workers=1).sound
    assert verify_dataset(shards, workers=1).sound


def test_other_versions_draw_nothing_again(plain_build: BuildResult, tmp_path: Path) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    text = (shards / "plan.json").read_text()
    version = json.loads(text)["versions"]["Pillow"]
    (shards / "plan.json").write_text(text.replace(f'"Pillow": "{version}"', '"Pillow": "1.0"'))
    with pytest.raises(InputError, match=f"found Pillow 1.0 there and {version} here; add --share"):
        verify_dataset(shards, deep=True, site=find_site(shards), workers=1)


@pytest.mark.parametrize("block", [1, 16])
@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 1.0])
@pytest.mark.parametrize("samples", [1, 15, 16, 17, 1000])
def test_the_share_drawn_again_is_at_least_what_was_asked(
    block: int, share: float, samples: int
) -> None:
    task = ShardTask(name="train-000003.tar", split="train", first=3000, samples=samples)
    blocks = list(spread_positions(task, share, block))
    positions = [position for of_block in blocks for position in of_block]
    assert len(positions) == len(set(positions)) >= max(1, int(share * samples) - block)
    assert min(positions) >= 3000
    assert max(positions) < 3000 + samples
    assert all((of_block.start - 3000) % block == 0 for of_block in blocks)
    if share == 1:
        assert len(positions) == samples


def test_an_address_gets_a_sentence() -> None:
    with pytest.raises(InputError, match="convert s3://bucket/shards FOLDER"):
        verify_dataset(Path("s3://bucket/shards"))


def test_sources_that_were_moved_are_asked_for_by_their_option(
    sources: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "before"))
    out = build_dataset(small_options(moved, tmp_path / "shards", samples=12)).out
    (moved / "bg").rename(tmp_path / "bg")
    sentence = f"^--bg {moved}/bg: .* found no such folder; .* name the new place with --bg$"
    with pytest.raises(InputError, match=sentence):
        find_site(out)
    site = find_site(out, bg=tmp_path / "bg")
    assert verify_dataset(out, deep=True, site=site, workers=1).sound
