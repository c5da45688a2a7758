"""pipeline/repair.py and shards/checking/difference.py: only what is broken is made again"""

import dataclasses
import shutil
from pathlib import Path

import pytest
from damages import DAMAGES, Damage, adopt, drop_in_a_foreign_tar, flip_a_byte
from small import files_of, small_options

from pipeline.build import build_dataset
from pipeline.checking.findings import Findings
from pipeline.output.folder import SET_ASIDE
from pipeline.output.lock import builder_lock
from pipeline.rendering.site import find_site
from pipeline.repair import Rebuilt, repair_dataset
from pipeline.verify import verify_dataset
from shards.base.errors import RunError
from shards.reading.open import open_dataset
from shards.records.manifest import LOG, MANIFEST, read_record


def copy_of(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "shards"))


def repair(shards: Path, *, accept_changed: bool = False) -> tuple[Findings, list[Rebuilt]]:
    rebuilt: list[Rebuilt] = []
    verdict = repair_dataset(
        find_site(shards),
        verify_dataset(shards, workers=1),
        accept_changed=accept_changed,
        workers=1,
        tick=rebuilt.append,
    )
    return verdict, rebuilt


@pytest.mark.parametrize("store", ["tar", "lmdb"])
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_every_damage_is_repaired_to_the_same_bytes(
    built: dict[str, Path], store: str, damage: Damage, tmp_path: Path
) -> None:
    shards = copy_of(built[store], tmp_path)
    damaged = damage(shards, store)
    verdict, rebuilt = repair(shards)
    assert verdict.sound
    assert {made.name for made in rebuilt} <= set(damaged)
    assert all(made.in_place and made.difference is None for made in rebuilt)
    shutil.rmtree(shards / SET_ASIDE, ignore_errors=True)
    assert files_of(shards) == files_of(built[store])
    assert verify_dataset(shards, workers=1).sound


def test_shards_that_are_whole_are_not_touched(built: dict[str, Path], tmp_path: Path) -> None:
    shards = copy_of(built["tar"], tmp_path)
    names = flip_a_byte(shards, "tar")
    before = {path.name: path.stat().st_mtime_ns for path in shards.iterdir()}
    _, rebuilt = repair(shards)
    after = {path.name: path.stat().st_mtime_ns for path in shards.iterdir()}
    changed = {name for name in after if after[name] != before[name]}
    assert [str(made) for made in rebuilt] == [f"{names[0]}: made again, as it was recorded"]
    assert changed == {*names, names[0].replace(".tar", ".json"), LOG}


def test_foreign_files_are_set_aside_and_never_overwrite_each_other(
    built: dict[str, Path], tmp_path: Path
) -> None:
    shards = copy_of(built["tar"], tmp_path)
    for content in (b"first", b"second"):
        (shards / drop_in_a_foreign_tar(shards, "tar")[0]).write_bytes(content)
        repair(shards)
    aside = {path.name: path.read_bytes() for path in (shards / SET_ASIDE).iterdir()}
    assert aside == {"holiday.tar": b"first", "holiday.tar.1": b"second"}


def forged(built: dict[str, Path], sources: Path, tmp_path: Path) -> tuple[Path, bytes]:
    """A data set with a shard of other pixels that its records agree with, and the true shard."""
    shards = copy_of(built["tar"], tmp_path)
    other = build_dataset(small_options(sources, tmp_path / "other", image_quality=91))
    name = "train-000002.tar"
    ours, theirs = read_record(shards, name), read_record(other.out, name)
    assert ours is not None
    assert theirs is not None
    shutil.copy(other.out / name, shards / name)
    adopt(shards, dataclasses.replace(theirs, build=ours.build))
    return shards, (built["tar"] / name).read_bytes()


def test_other_bytes_replace_a_shard_only_when_that_is_accepted(
    built: dict[str, Path], sources: Path, tmp_path: Path
) -> None:
    shards, original = forged(built, sources, tmp_path)
    path = shards / "train-000002.tar"
    found = verify_dataset(shards, deep=True, site=find_site(shards), workers=1)
    before = files_of(shards)
    rebuilt: list[Rebuilt] = []
    left = repair_dataset(find_site(shards), found, workers=1, tick=rebuilt.append)
    assert left.names == [path.name]
    assert "left as it was (--accept-changed replaces it)" in str(rebuilt[0])
    assert files_of(shards) == before
    left = repair_dataset(
        find_site(shards), found, accept_changed=True, workers=1, tick=rebuilt.append
    )
    assert left.sound
    difference = rebuilt[1].difference
    assert difference is not None
    assert 0 < difference.pixels < difference.compared == 25 * 2 * 64 * 64
    assert difference.unreadable == 0
    assert path.read_bytes() == original
    assert open_dataset(shards).digest == open_dataset(built["tar"]).digest
    assert files_of(shards) == files_of(built["tar"])


@pytest.mark.parametrize("store", ["tar", "lmdb"])
def test_damaged_samples_are_counted_apart_from_differing_pixels(
    built: dict[str, Path], store: str, tmp_path: Path
) -> None:
    shards = copy_of(built[store], tmp_path)
    name = flip_a_byte(shards, store)[0]
    record = read_record(shards, name)
    assert record is not None
    adopt(shards, dataclasses.replace(record, sha256="0" * 64))
    _, rebuilt = repair(shards)
    difference = rebuilt[0].difference
    assert difference is not None
    if store == "tar":
        assert difference.unreadable <= 1
        assert difference.pixels <= 64 * 64
    else:
        assert (difference.compared, difference.unreadable) == (0, 25)


def test_a_repair_waits_for_no_other_builder(built: dict[str, Path], tmp_path: Path) -> None:
    shards = copy_of(built["tar"], tmp_path)
    flip_a_byte(shards, "tar")
    with builder_lock(shards), pytest.raises(RunError, match="no other build"):
        repair(shards)


def test_sources_that_changed_are_named_and_nothing_is_replaced(
    built: dict[str, Path], sources: Path, tmp_path: Path
) -> None:
    shards = copy_of(built["tar"], tmp_path)
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    for path in (moved / "fg").iterdir():
        path.write_bytes(b"other")
    flip_a_byte(shards, "tar")
    before = files_of(shards)
    with pytest.raises(RunError, match="the picture that stood here when the build began"):
        repair_dataset(
            find_site(shards, fg=moved / "fg", bg=moved / "bg"),
            verify_dataset(shards, workers=1),
            workers=1,
        )
    assert files_of(shards) == before


def test_a_missing_dataset_json_is_written_again(built: dict[str, Path], tmp_path: Path) -> None:
    shards = copy_of(built["tar"], tmp_path)
    for spoil in (lambda path: path.unlink(), lambda path: path.write_text("{}")):
        spoil(shards / MANIFEST)
        verdict, rebuilt = repair(shards)
        assert verdict.sound
        assert rebuilt == []
        assert files_of(shards) == files_of(built["tar"])


def test_a_disk_that_refuses_gets_a_sentence(built: dict[str, Path], tmp_path: Path) -> None:
    shards = copy_of(built["tar"], tmp_path)
    name = flip_a_byte(shards, "tar")[0]
    (shards / name).unlink()
    (shards / name).mkdir()
    with pytest.raises(RunError, match=r"a place that can be written, found Is a directory"):
        repair(shards)
