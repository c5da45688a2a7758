"""One contract over both stores: shards/tar_store.py, shards/lmdb_store.py, shards/stores.py"""

import hashlib
import tarfile
from pathlib import Path

import lmdb
import pytest

from shards.errors import RunError
from shards.keys import keys_from
from shards.stores import open_shard, open_writer

FORMATS = ("tar", "lmdb")
SAMPLES = [
    {"image.jpg": bytes([i]) * (700 * i), "json": b"{}", "depth.png16": b"\x89" * (511 + i)}
    for i in range(5)
]


def write(format: str, path: Path, first: int = 0) -> tuple[int, str]:
    writer = open_writer(format, path, capacity=1 << 20)
    for row, fields in enumerate(SAMPLES):
        writer.add(keys_from("train", first)(row), fields)
    return writer.close()


@pytest.mark.parametrize("format", FORMATS)
def test_every_field_comes_back_in_any_order(format: str, tmp_path: Path) -> None:
    write(format, tmp_path / "s", first=7)
    shard = open_shard(format, tmp_path / "s", keys_from("train", 7), len(SAMPLES))
    assert sorted(shard.fields) == sorted(SAMPLES[0])
    for row in (4, 0, 3, 1, 2):
        assert {field: shard.get(row, field) for field in shard.fields} == SAMPLES[row]
    shard.close()


@pytest.mark.parametrize("format", FORMATS)
def test_close_gives_size_and_hash_of_the_file(format: str, tmp_path: Path) -> None:
    size, sha256 = write(format, tmp_path / "s")
    data = (tmp_path / "s").read_bytes()
    assert (size, sha256) == (len(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize("format", FORMATS)
def test_equal_samples_give_equal_bytes(format: str, tmp_path: Path) -> None:
    assert write(format, tmp_path / "a") == write(format, tmp_path / "b")


@pytest.mark.parametrize("format", FORMATS)
def test_sizes_count_payload_by_field(format: str, tmp_path: Path) -> None:
    write(format, tmp_path / "s")
    shard = open_shard(format, tmp_path / "s", keys_from("train", 0), len(SAMPLES))
    expected = {f: sum(len(s[f]) for s in SAMPLES) for f in SAMPLES[0]}
    assert shard.sizes() == expected
    shard.close()


@pytest.mark.parametrize("format", FORMATS)
def test_an_abandoned_shard_leaves_nothing_readable(format: str, tmp_path: Path) -> None:
    writer = open_writer(format, tmp_path / "s", capacity=1 << 20)
    writer.add("train-000000000", SAMPLES[1])
    writer.abort()
    if (tmp_path / "s").exists():
        with pytest.raises((RunError, ValueError)):
            open_shard(format, tmp_path / "s", keys_from("train", 0), 1)


@pytest.mark.parametrize("format", FORMATS)
def test_a_shard_that_does_not_fit_the_plan_is_refused(format: str, tmp_path: Path) -> None:
    write(format, tmp_path / "s")
    with pytest.raises(RunError, match="do not fit the plan"):
        open_shard(format, tmp_path / "s", keys_from("train", 0), len(SAMPLES) + 2)


def test_a_cut_tar_is_refused(tmp_path: Path) -> None:
    write("tar", tmp_path / "s")
    data = (tmp_path / "s").read_bytes()
    (tmp_path / "s").write_bytes(data[:-1500])
    with pytest.raises(RunError, match="end of the file"):
        open_shard("tar", tmp_path / "s", keys_from("train", 0), len(SAMPLES))


def test_python_reads_the_tar_and_finds_no_trace_of_who_made_it(tmp_path: Path) -> None:
    write("tar", tmp_path / "s")
    with tarfile.open(tmp_path / "s") as archive:
        members = archive.getmembers()
        assert [m.name for m in members[:3]] == [
            "train-000000000.depth.png16",
            "train-000000000.image.jpg",
            "train-000000000.json",
        ]
        assert all((m.mtime, m.uid, m.gid, m.uname) == (0, 0, 0, "") for m in members)
        extracted = archive.extractfile(members[4])
        assert extracted is not None
        assert extracted.read() == SAMPLES[1]["image.jpg"]


def test_plain_lmdb_reads_the_shard(tmp_path: Path) -> None:
    write("lmdb", tmp_path / "s")
    path = str(tmp_path / "s")
    with (
        lmdb.open(path, subdir=False, readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        assert transaction.get(b"train-000000002.image.jpg") == SAMPLES[2]["image.jpg"]
