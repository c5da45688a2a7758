"""Ways to damage a data set; each says which names `verify` must give for it."""

import shutil
from collections.abc import Callable
from pathlib import Path

from shards.records.manifest import (
    Record,
    make_manifest,
    read_manifest,
    read_plan,
    read_record,
    write_manifest,
    write_record,
)

Damage = Callable[[Path, str], list[str]]


def adopt(folder: Path, record: Record) -> None:
    """Write a record, and a dataset.json that agrees with it."""
    write_record(folder, record)
    shards = [path.name for path in folder.iterdir() if path.suffix in (".tar", ".lmdb")]
    records = [read_record(folder, name) for name in shards]
    manifest = make_manifest(read_plan(folder), [each for each in records if each is not None])
    write_manifest(folder, manifest)


def flip_a_byte(folder: Path, store: str) -> list[str]:
    path = folder / f"train-000001.{store}"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    return [path.name]


def cut_a_tail(folder: Path, store: str) -> list[str]:
    path = folder / f"val-000000.{store}"
    path.write_bytes(path.read_bytes()[:-5000])
    return [path.name]


def empty_a_shard(folder: Path, store: str) -> list[str]:
    (folder / f"background-000000.{store}").write_bytes(b"")
    return [f"background-000000.{store}"]


def delete_a_record(folder: Path, store: str) -> list[str]:
    (folder / "train-000002.json").unlink()
    return [f"train-000002.{store}"]


def garble_a_record(folder: Path, store: str) -> list[str]:
    (folder / "train-000002.json").write_text('{"build": 1}')
    return [f"train-000002.{store}"]


def misstate_a_size(folder: Path, store: str) -> list[str]:
    """In dataset.json alone: names and hashes, and so the digest, are as they were."""
    manifest = read_manifest(folder)
    manifest["backgrounds"][0]["bytes"] = 15
    write_manifest(folder, manifest)
    return [f"background-000000.{store}"]


def delete_a_shard(folder: Path, store: str) -> list[str]:
    (folder / f"train-000003.{store}").unlink()
    return [f"train-000003.{store}"]


def delete_a_shard_and_its_record(folder: Path, store: str) -> list[str]:
    (folder / "val-000001.json").unlink()
    return [*delete_a_shard(folder, store), f"val-000001.{store}"][::-1]


def swap_two_shards(folder: Path, store: str) -> list[str]:
    a, b = (folder / f"train-00000{n}.{store}" for n in (0, 1))
    a.rename(folder / "swap")
    b.rename(a)
    (folder / "swap").rename(b)
    return [a.name, b.name]


def swap_two_shards_with_their_records(folder: Path, store: str) -> list[str]:
    a, b = (folder / f"train-00000{n}.json" for n in (0, 1))
    texts = a.read_text(), b.read_text()
    a.write_text(texts[1].replace("train-000001", "train-000000"))
    b.write_text(texts[0].replace("train-000000", "train-000001"))
    return swap_two_shards(folder, store)


def drop_in_a_foreign_tar(folder: Path, store: str) -> list[str]:
    (folder / "holiday.tar").write_bytes(b"sun")
    return ["holiday.tar"]


def drop_in_a_shard_too_many(folder: Path, store: str) -> list[str]:
    shutil.copy(folder / f"train-000000.{store}", folder / f"train-000009.{store}")
    shutil.copy(folder / "train-000000.json", folder / "train-000009.json")
    return ["train-000009.json", f"train-000009.{store}"]


DAMAGES = (
    flip_a_byte,
    cut_a_tail,
    empty_a_shard,
    delete_a_record,
    garble_a_record,
    misstate_a_size,
    delete_a_shard,
    delete_a_shard_and_its_record,
    swap_two_shards,
    swap_two_shards_with_their_records,
    drop_in_a_foreign_tar,
    drop_in_a_shard_too_many,
)
