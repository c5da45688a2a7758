"""shards/stores/shard_bytes.py: files that change while they are read, and many of them"""

import errno
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from shards.base import retrying
from shards.base.errors import DamagedShardError, RunError
from shards.base.files import sha256_of
from shards.base.keys import keys_from
from shards.stores import shard_bytes
from shards.stores.indexed_shard import IndexedShard, Member
from shards.stores.shard_bytes import ShardBytes, SomeBytes, UnreadableShardError, _Descriptors
from shards.stores.table import Shard, open_hashed, open_shard, open_writer
from shards.stores.tar import scan_tar

SAMPLES = 20


def written(path: Path, format: str = "tar") -> Path:
    writer = open_writer(format, path, capacity=1 << 20)
    for row in range(SAMPLES):
        writer.add(keys_from("train", 0)(row), {"image.jpg": bytes([row]) * 9000, "json": b"{}"})
    writer.close()
    return path


def opened(path: Path, format: str = "tar") -> Shard:
    return open_shard(format, path, keys_from("train", 0), SAMPLES)


def few(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    """Let only so many files stay open."""
    descriptors = _Descriptors()
    descriptors._most = most
    monkeypatch.setattr(shard_bytes, "_DESCRIPTORS", descriptors)


@pytest.mark.parametrize("format", ["tar", "lmdb"])
def test_a_shard_cut_short_while_it_is_open_gets_a_sentence(format: str, tmp_path: Path) -> None:
    path = written(tmp_path / "s", format)
    shard = opened(path, format)
    assert shard.get(19, "image.jpg") == bytes([19]) * 9000
    os.truncate(path, 20_000)
    with pytest.raises(RunError, match=r"expected a whole shard.*the end of the file before byte"):
        shard.get(19, "image.jpg")
    os.truncate(path, 0)
    with pytest.raises(RunError, match="the end of the file"):
        shard.get(0, "json")


@pytest.mark.parametrize("cut_to", range(0, 60_000, 7_500))
def test_a_file_cut_short_while_it_is_scanned_gets_a_sentence(cut_to: int, tmp_path: Path) -> None:
    path = written(tmp_path / "s")

    def scan(file: SomeBytes) -> Iterator[Member]:
        os.truncate(path, cut_to)
        return scan_tar(file)

    with pytest.raises(RunError, match="the end of the file before byte"):
        IndexedShard(path, scan, keys_from("train", 0), SAMPLES)


def test_many_shards_need_few_descriptors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few(monkeypatch, 3)
    shards = [opened(written(tmp_path / str(number))) for number in range(12)]
    before = len(os.listdir("/proc/self/fd"))
    for row in (3, 7, 1):
        for shard in shards:
            assert shard.get(row, "image.jpg") == bytes([row]) * 9000
    assert len(os.listdir("/proc/self/fd")) == before
    for shard in shards:
        shard.close()
    assert len(os.listdir("/proc/self/fd")) == before - 3
    assert shards[0].get(2, "json") == b"{}"
    assert len(os.listdir("/proc/self/fd")) == before - 3


def replace(path: Path) -> None:
    written(path.with_name("new"))
    with path.with_name("new").open("ab") as file:
        file.write(b"\0")
    os.replace(path.with_name("new"), path)


@pytest.mark.parametrize(
    ("change", "found"),
    [(replace, "another file than when it was opened"), (os.unlink, "No such file")],
)
def test_another_file_in_its_place_is_noticed_when_it_is_opened_again(
    change: Callable[[Path], None],
    found: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few(monkeypatch, 1)
    shard, other = opened(written(tmp_path / "a")), opened(written(tmp_path / "b"))
    change(tmp_path / "b")
    assert other.get(5, "json") == b"{}"  # still open: the file that it was
    assert shard.get(5, "json") == b"{}"
    with pytest.raises(RunError, match=found):
        other.get(5, "json")


@pytest.mark.parametrize("format", ["tar", "lmdb"])
def test_an_equal_file_in_its_place_is_read_on(
    format: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 1)
    path = written(tmp_path / "a", format)
    keys, sha256 = keys_from("train", 0), sha256_of(path)
    other = opened(written(tmp_path / "b"))
    shards = [
        open_shard(format, path, keys, SAMPLES, sha256),
        open_hashed(format, path, keys, SAMPLES)[0],
    ]
    for turn in range(3):
        path.rename(tmp_path / f"old-{turn}")  # it keeps its inode, so no other file gets it
        written(path, format)
        assert other.get(5, "json") == b"{}"  # now the shards' descriptors are closed
        for shard in shards:
            assert shard.get(turn, "image.jpg") == bytes([turn]) * 9000
    data = bytearray(path.read_bytes())
    data[data.index(bytes([7]) * 9000)] ^= 1
    path.unlink()
    path.write_bytes(data)
    assert other.get(5, "json") == b"{}"
    with pytest.raises(RunError, match="another file than when it was opened"):
        shards[0].get(7, "image.jpg")


@pytest.mark.parametrize("number", [errno.ESTALE, errno.EBADF])
def test_a_handle_that_went_stale_is_taken_anew(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path / "a")
    shard = open_shard("tar", path, keys_from("train", 0), SAMPLES, sha256_of(path))
    shard.get(0, "json")
    path.rename(tmp_path / "old")
    written(path)
    stale: list[int] = []
    really = os.pread

    def read(descriptor: int, length: int, offset: int) -> bytes:
        stale.extend([] if stale else [descriptor])
        if descriptor in stale:
            raise OSError(number, os.strerror(number))
        return really(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", read)
    monkeypatch.setattr(retrying, "PAUSES", (0, 0))
    assert shard.get(3, "image.jpg") == bytes([3]) * 9000
    stale[:] = range(1000)
    with pytest.raises(RunError, match=f"a: .*{os.strerror(number)}") as stopped:
        shard.get(4, "image.jpg")
    assert not isinstance(stopped.value, DamagedShardError)


def test_a_descriptor_that_somebody_closed_is_opened_again(tmp_path: Path) -> None:
    path = written(tmp_path / "a")
    program = f"""
import os
from pathlib import Path
from shards.base.keys import keys_from
from shards.stores.table import open_shard
shard = open_shard("tar", Path({str(path)!r}), keys_from("train", 0), {SAMPLES})
os.closerange(3, 100)  # as daemons do
print(len(shard.get(3, "image.jpg")))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (run.stdout, run.stderr) == ("9000\n", "")


def test_threads_read_while_files_are_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 2)
    shards = [opened(written(tmp_path / str(number))) for number in range(5)]
    wrong: list[object] = []

    def read(first: int) -> None:
        try:
            for turn in range(400):
                row = (first + turn) % SAMPLES
                if shards[turn % 5].get(row, "image.jpg") != bytes([row]) * 9000:
                    wrong.append(row)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=read, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_only_regular_files_with_bytes_are_opened(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path, found in ((tmp_path, "no file"), (tmp_path / "empty", "an empty file")):
        with pytest.raises(UnreadableShardError, match=found):
            ShardBytes(path)


def test_a_relative_path_outlives_a_change_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few(monkeypatch, 1)
    monkeypatch.chdir(tmp_path)
    shards = [opened(written(Path(name))) for name in "ab"]
    monkeypatch.chdir("/")
    assert [shard.get(4, "json") for shard in shards] == [b"{}", b"{}"]
