"""shards/places/outputs.py, and every command at a place that it cannot write to"""

import dataclasses
import resource
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click
import pytest
from small import small_training

from depthmask.commands.cli import cli, main
from depthmask.models.checkpoint import read_checkpoint
from depthmask.training.loop import train
from depthmask.training.watcher import SilentTrainWatcher
from shards.base.errors import RunError

Line = Callable[[Path], list[object]]

LIMIT = 256
"""Bytes: small enough for every picture, large enough for what processes need among themselves."""

WRITES_NOTHING = {"stats", "verify", "networks", "doctor"}


@pytest.fixture(scope="session")
def lines(sources: Path, tiny_dataset: Path, run: Path) -> dict[str, Line]:
    """For each command that writes: what to type to have it write to a folder."""
    picture = sources / "bg" / "bg0.png"
    small = ("--size", 64, "--samples", 60, "--samples-per-shard", 25, "--workers", 1)
    folders = ("--fg", sources / "fg", "--bg", sources / "bg", "--depth-model", "none")
    network = ("--backbone", "mobilenetv3_small_050", "--no-pretrained", "--device", "cpu")
    training = ("--epochs", 1, "--batch-size", 9, "--workers", 1)
    pair = ("--image", picture, "--background", picture)
    teacher = ("--minutes", 0.01, "--size", 64, "--batch-size", 4, "--threads", 1)
    return {
        "sample-data": lambda out: [
            *(out, "--cars", 1, "--scenes", 1, "--people", 1, "--signs", 1)
        ],
        "build-dataset": lambda out: [*folders, *small, "--out", out],
        "render": lambda out: [tiny_dataset, "val", 0, "--out", out],
        "report": lambda out: [tiny_dataset, "--out", out],
        "convert": lambda out: [tiny_dataset, out, "--format", "lmdb", "--workers", 1],
        "train": lambda out: ["--shards", tiny_dataset, "--out", out, *network, *training],
        "evaluate": lambda out: [run / "best.pt", "--shards", tiny_dataset, "--out", out],
        "predict": lambda out: [run / "best.pt", *pair, "--out", out],
        "export": lambda out: [run / "best.pt", out.with_name(out.name + ".pt2")],
        "depth": lambda out: [picture, "--out", out, "--size", 64],
        "train-teacher": lambda out: ["--out", out, *teacher],
    }


def commands() -> list[str]:
    return [name for name in cli.list_commands(click.Context(cli)) if name not in WRITES_NOTHING]


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """What `main` sets, set back."""
    stops = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    before = {each: signal.getsignal(each) for each in stops}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def refused(arguments: Sequence[object], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status and sentence of a command that fails, without one line more than the last one."""
    with pytest.raises(SystemExit) as end:
        main([str(part) for part in arguments])
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.splitlines()[-1].startswith("error: ")
    assert isinstance(end.value.code, int)
    return end.value.code, said.splitlines()[-1]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else b""
        for path in folder.rglob("*")
    }


@pytest.mark.parametrize("command", commands())
@pytest.mark.parametrize("place", ["a file", "below a file", "a long name"])
def test_a_place_where_nothing_can_be_is_refused_before_any_work(
    command: str,
    place: str,
    lines: dict[str, Line],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    out = {"a file": file, "below a file": file / "out", "a long name": tmp_path / ("a" * 300)}[
        place
    ]
    if place == "a file" and command in ("report", "export"):
        out = tmp_path / "taken"
        (tmp_path / "taken.pt2").mkdir()
        out.mkdir()
    before = contents(tmp_path)
    status, said = refused([command, *lines[command](out)], capsys)
    assert status == 2, said
    assert str(out)[:100] in said.replace(".pt2", "")
    assert contents(tmp_path) == before


def mount(folder: Path, options: str) -> None:
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 KiB of which all are taken, where the system lets a test have one."""
    folder = tmp_path / "disk"
    mount(folder, f"size={64 << 10}")
    with (folder / "taken").open("wb", buffering=0) as file:
        file.write(bytes(64 << 10))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_full_disk_is_said_and_no_empty_file_is_left(
    command: str, lines: dict[str, Line], disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = refused([command, *lines[command](disk / "out")], capsys)
    assert status == 1, said
    assert "No space left on device" in said
    assert "make room and run the same command again" in said
    assert [path for path in disk.rglob("*") if path.is_file()] == [disk / "taken"]


@pytest.mark.slow
@pytest.mark.parametrize("command", commands())
def test_a_disk_that_may_only_be_read_is_said(
    command: str, lines: dict[str, Line], disk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    status, said = refused([command, *lines[command](disk / "out")], capsys)
    assert status == 1, said
    assert "Read-only file system" in said
    assert "make it writable and run the same command again" in said


@pytest.mark.parametrize("command", commands())
def test_files_that_may_not_grow_are_said_and_none_is_left_half_made(
    command: str,
    lines: dict[str, Line],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A limit of the system stands for a disk that is full: it needs no rights."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    try:
        status, said = refused([command, *lines[command](tmp_path / "out")], capsys)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert status == 1, said
    assert "File too large" in said
    assert "raise the limit on the size of files" in said
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in left if path.name.startswith(".")]
    assert not [path for path in left if path.stat().st_size in (0, LIMIT)]


def test_every_command_that_writes_is_tried(lines: dict[str, Line]) -> None:
    assert sorted(lines) == sorted(commands())


def test_a_device_is_not_replaced_by_a_report(
    tiny_dataset: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said = refused(["report", tiny_dataset, "--out", "/dev/full"], capsys)
    assert (status, Path("/dev/full").is_char_device()) == (2, True)
    assert "expected a file to write, found no regular file" in said


def test_a_training_on_a_disk_that_gets_full_keeps_its_last_checkpoint(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "disk"
    mount(disk, "size=64m")
    options = small_training(tiny_dataset, disk / "run", epochs=3)
    try:
        with pytest.raises(RunError, match="No space left") as failure:
            train(options, FillsUp(disk))
        last = options.out / "last.pt"
        assert (
            f"{last} is kept as it was saved last; make room and run the same command with --resume"
        ) in str(failure.value)
        state = read_checkpoint(last).training
        assert state is not None
        assert state["epoch"] == 1
        assert not [path for path in options.out.glob("*") if path.stat().st_size == 0]
        assert not list(options.out.glob(".*"))
        (disk / "filler").unlink()
        train(dataclasses.replace(options, resume=True))
    finally:
        subprocess.run(["umount", str(disk)], check=True)


class FillsUp(SilentTrainWatcher):
    """Takes all that is left of a disk when the first epoch is over."""

    def __init__(self, disk: Path) -> None:
        self._disk = disk

    def epoch_ended(self, scores: dict[str, float]) -> None:
        with (self._disk / "filler").open("ab", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))
