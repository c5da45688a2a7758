"""shards/files.py"""

from pathlib import Path

import pytest

from shards.files import (
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
