"""shards/base/files.py"""

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from shards.base.files import (
    TEMPORARY_SUFFIX,
    create_if_absent,
    publish,
    remove_temporaries,
    sha256_of,
    temporary_beside,
    write_atomic,
)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")
    with pytest.raises(TypeError):
        write_atomic(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_create_if_absent_never_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert create_if_absent(path, b"first")
    assert not create_if_absent(path, b"second")
    assert path.read_bytes() == b"first"
    assert len(list(tmp_path.iterdir())) == 1


def test_publish_moves_a_file_from_another_folder(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "made").write_bytes(b"data")
    publish(elsewhere / "made", tmp_path / "final")
    assert (tmp_path / "final").read_bytes() == b"data"
    assert not list(elsewhere.iterdir())


def test_leftovers_of_killed_writers_are_removed_and_nothing_else(tmp_path: Path) -> None:
    temporary_beside(tmp_path / "train-000000.tar").write_bytes(b"half")
    (tmp_path / "keep.tmp").write_bytes(b"mine")
    assert remove_temporaries(tmp_path) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["keep.tmp"]


def test_sha256_is_the_known_one(tmp_path: Path) -> None:
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256_of(tmp_path / "abc").startswith("ba7816bf8f01cfea")


def refuse(error: int) -> Any:
    def refused(*arguments: Any, **named: Any) -> Any:
        raise OSError(error, os.strerror(error))

    return refused


@pytest.fixture(params=[errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS])
def _no_links(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file system has no hard links: exFAT, SMB, and others in words of their own."""
    monkeypatch.setattr(os, "link", refuse(request.param))


@pytest.mark.usefixtures("_no_links")
def test_without_hard_links_a_file_is_created_once_and_never_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert create_if_absent(path, b"first")
    assert not create_if_absent(path, b"second")
    assert path.read_bytes() == b"first"
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_without_hard_links_one_of_many_writers_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    bodies = [b"%d" % number * 5000 for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for turn in range(50):
            path = tmp_path / f"file-{turn}"
            wrote = list(pool.map(create_if_absent, [path] * 4, bodies))
            assert wrote.count(True) == 1
            assert path.read_bytes() == bodies[wrote.index(True)]
    assert not list(tmp_path.glob(".*"))


class KilledError(BaseException):
    """What ends a writer at a call, as a kill does: nothing is tidied up after it."""


def kill_at(monkeypatch: pytest.MonkeyPatch, turn: int) -> list[str]:
    """Let the process "die" at the `turn`-th call that changes the disk; the calls so far."""
    calls: list[str] = []

    def before(name: str, function: Any) -> Any:
        def called(*arguments: Any, **named: Any) -> Any:
            calls.append(name)
            if len(calls) >= turn:
                raise KilledError
            return function(*arguments, **named)

        return called

    for name in ("rename", "replace", "mkdir", "fsync", "unlink", "rmdir"):
        monkeypatch.setattr(os, name, before(name, getattr(os, name)))
    monkeypatch.setattr(Path, "write_bytes", before("write", Path.write_bytes))
    return calls


@pytest.mark.parametrize("turn", range(1, 14))
def test_a_writer_killed_anywhere_without_hard_links_leaves_a_whole_file_or_none(
    turn: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "plan.json"
    with monkeypatch.context() as patch:
        patch.setattr(os, "link", refuse(errno.EPERM))
        kill_at(patch, turn)
        with pytest.raises(KilledError):
            create_if_absent(path, b"first")
    assert not path.exists() or path.read_bytes() == b"first"
    claimed = path.exists() or (tmp_path / ".plan.json.claim.tmp").exists()
    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    assert create_if_absent(path, b"other") != claimed
    assert path.read_bytes() == (b"first" if claimed else b"other")
    assert all(
        name.endswith(TEMPORARY_SUFFIX) for name in os.listdir(tmp_path) if name != path.name
    )
    remove_temporaries(tmp_path)
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("error", [errno.EINVAL, errno.EBADF, errno.ENOTSUP])
def test_what_cannot_be_fsynced_is_written_all_the_same(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse(error))
    write_atomic(tmp_path / "a", b"data")
    assert create_if_absent(tmp_path / "b", b"data")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"data"


def test_a_disk_that_fails_to_sync_is_not_taken_for_one_that_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        write_atomic(tmp_path / "file", b"data")
