"""Sources that change or go away between the check and the last shard"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small import draw_background, files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.rendering.watcher import SilentWatcher
from shards.base.errors import RunError


def change(path: Path) -> None:
    draw_background(99).save(path)


def add_a_byte(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\0")


def put_a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "another picture": (change, "another content"),
    "one byte more": (add_a_byte, "another content"),
    "cut short": (cut, "another content"),
    "gone": (Path.unlink, "No such file"),
    "a pipe": (put_a_pipe, "not a regular file"),
}


class Meddler(SilentWatcher):
    """Does something to the sources once all are checked and before a shard is made."""

    def __init__(self, meddle: Callable[[], None]) -> None:
        self._meddle = meddle

    def planned(self, *facts: Any) -> None:
        self._meddle()


@pytest.mark.parametrize("what", CHANGES)
@pytest.mark.parametrize("name", ["fg/fg2.png", "bg/bg1.png"])
def test_a_source_that_changes_during_the_build_is_noticed(
    name: str, what: str, plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    meddle, found = CHANGES[what]
    options = small_options(moved, tmp_path / "shards")
    with pytest.raises(RunError, match=rf"{name}: expected the picture that stood.*{found}"):
        build_dataset(options, Meddler(lambda: meddle(moved / name)))
    assert not (options.out / "dataset.json").exists()
    (moved / name).unlink(missing_ok=True)
    shutil.copy(sources / name, moved / name)
    assert build_dataset(options).digest == plain_build.digest
    assert files_of(options.out) == files_of(plain_build.out)


def test_workers_notice_it_too(plain_build: BuildResult, sources: Path, tmp_path: Path) -> None:
    moved = Path(shutil.copytree(sources, tmp_path / "sources"))
    options = small_options(moved, tmp_path / "shards", workers=2)
    with pytest.raises(RunError, match="expected the picture that stood here"):
        build_dataset(options, Meddler((moved / "bg" / "bg0.png").unlink))
    shutil.copy(sources / "bg" / "bg0.png", moved / "bg" / "bg0.png")
    assert build_dataset(options).digest == plain_build.digest
