"""One contract over both stores: shards/stores/tar.py, shards/stores/lmdb.py,
shards/stores/table.py
"""

import hashlib
import os
import tarfile
import tempfile
from pathlib import Path

import lmdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shards.base.errors import RunError
from shards.base.keys import keys_from
from shards.stores import indexed_shard as indexed
from shards.stores import shard_bytes
from shards.stores import tar as tar_store
from shards.stores.table import open_hashed, open_shard, open_writer

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


@pytest.mark.parametrize("format", FORMATS)
def test_samples_come_whole_and_in_order_as_fields_do_one_by_one(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(format, tmp_path / "s")
    shard = open_shard(format, tmp_path / "s", keys_from("train", 0), len(SAMPLES))
    for at_once in (1, 3000, 1 << 20):
        monkeypatch.setattr(indexed, "_AT_ONCE", at_once)
        monkeypatch.setattr(indexed, "_ROW", at_once)
        assert list(shard.rows()) == SAMPLES
        for row, fields in enumerate(SAMPLES):
            get = shard.row(row)
            assert {field: get(field) for field in reversed(shard.fields)} == fields


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("piece", [1 << 9, 1 << 12, 1 << 20])
def test_one_pass_gives_the_shard_and_its_hash(
    format: str, piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shard_bytes, "_PIECE", piece)
    monkeypatch.setattr(tar_store, "_PIECE", piece)
    _, sha256 = write(format, tmp_path / "s")
    shard, found = open_hashed(format, tmp_path / "s", keys_from("train", 0), len(SAMPLES))
    assert found == sha256
    assert list(shard.rows()) == SAMPLES


def test_a_tar_within_a_tar_is_a_payload(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("tar", tmp_path / "inner")
    inner = (tmp_path / "inner").read_bytes()
    for piece in (1 << 9, 1 << 12, 1 << 20):
        monkeypatch.setattr(tar_store, "_PIECE", piece)
        writer = open_writer("tar", tmp_path / "s", capacity=1 << 20)
        samples = [{"image.jpg": inner[: len(inner) - cut], "json": b"{}"} for cut in (0, 512, 700)]
        for row, fields in enumerate(samples):
            writer.add(keys_from("train", 0)(row), fields)
        writer.close()
        shard = open_shard("tar", tmp_path / "s", keys_from("train", 0), len(samples))
        assert list(shard.rows()) == samples


def write_large(path: Path) -> int:
    """An LMDB shard of several tree pages, with payloads within pages and beyond; its samples."""
    writer = open_writer("lmdb", path, capacity=1 << 22)
    for row in range(200):
        fields = {"image.jpg": bytes([row]) * (3000 + row), "json": bytes([row]) * row}
        writer.add(keys_from("val", 0)(row), fields)
    writer.close()
    return 200


def test_our_reader_of_lmdb_pages_finds_what_the_library_finds(tmp_path: Path) -> None:
    samples = write_large(tmp_path / "s")
    shard = open_shard("lmdb", tmp_path / "s", keys_from("val", 0), samples)
    with (
        lmdb.open(str(tmp_path / "s"), subdir=False, readonly=True, lock=False) as environment,
        environment.begin() as transaction,
    ):
        entries = {key.decode(): bytes(data) for key, data in transaction.cursor()}
    ours = {f"val-{r:09d}.{f}": shard.get(r, f) for r in range(samples) for f in shard.fields}
    assert ours == entries


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("place", ["absent", "folder", "pipe", "empty", "noise"])
def test_what_is_no_shard_is_refused_in_a_sentence(format: str, place: str, tmp_path: Path) -> None:
    path = tmp_path / "s"
    if place == "folder":
        path.mkdir()
    elif place == "pipe":
        os.mkfifo(path)
    elif place != "absent":
        path.write_bytes(b"" if place == "empty" else b"noise" * 2000)
    with pytest.raises(RunError, match="expected a whole shard"):
        open_shard(format, path, keys_from("train", 0), 3)


@pytest.mark.parametrize("offset", [100, 124, 148, 156, 257])
def test_a_tar_header_with_a_wrong_bit_is_refused(offset: int, tmp_path: Path) -> None:
    write("tar", tmp_path / "s")
    data = bytearray((tmp_path / "s").read_bytes())
    data[offset] ^= 1
    (tmp_path / "s").write_bytes(data)
    with pytest.raises(RunError, match=r"tar header|do not fit|end of the file"):
        open_shard("tar", tmp_path / "s", keys_from("train", 0), len(SAMPLES))


@pytest.mark.parametrize("format", FORMATS)
def test_a_field_or_a_sample_that_is_not_there_is_refused(format: str, tmp_path: Path) -> None:
    write(format, tmp_path / "s")
    shard = open_shard(format, tmp_path / "s", keys_from("train", 0), len(SAMPLES))
    with pytest.raises(RunError, match=r"no mask\.png in it"):
        shard.get(0, "mask.png")
    with pytest.raises(RunError, match=f"{len(SAMPLES)} samples, not {len(SAMPLES) + 1}"):
        shard.get(len(SAMPLES), shard.fields[0])


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_hostile_lmdb_pages_lead_nowhere(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "s"
        samples = write_large(path)
        content = bytearray(path.read_bytes())
        size = len(content)
        for _ in range(data.draw(st.integers(1, 6))):
            page = data.draw(st.integers(0, size // 4096 - 1)) * 4096
            at = page + data.draw(st.integers(0, 160))
            width = data.draw(st.sampled_from([1, 2, 4, 8]))
            value = data.draw(st.integers(0, 256**width - 1))
            content[at : at + width] = value.to_bytes(width, "little")
        path.write_bytes(content[: data.draw(st.integers(1, size))])
        try:
            shard = open_shard("lmdb", path, keys_from("val", 0), samples)
        except RunError:
            return
        for row in range(samples):
            for field in shard.fields:
                assert len(shard.get(row, field)) <= size
        shard.close()
