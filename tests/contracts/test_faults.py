"""Every write, fsync and rename of a build failing in turn, and disks that are really full"""

import errno
import fcntl
import io
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.planning.options import BuildOptions
from shards.base.errors import RunError


class Faults:
    """Real calls that fail when it is their turn: `turn` counts down, 1 fails; or `always`."""

    always = False

    def __init__(self, error: int) -> None:
        self.error, self.turn, self.calls = error, 0, 0

    def call(self) -> None:
        self.calls += 1
        self.turn -= 1
        if self.turn == 0 or self.always:
            raise OSError(self.error, os.strerror(self.error))

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            self.call()
            return function(*arguments, **named)

        return called


class FaultyFile(io.FileIO):
    """A file whose writes are counted calls."""

    faults: Faults

    def write(self, data: Any) -> int:
        self.faults.call()
        return super().write(data)


def make_fail(monkeypatch: pytest.MonkeyPatch, kind: str, faults: Faults) -> None:
    """Send every call of a kind through `faults`."""
    if kind == "fsync":
        monkeypatch.setattr(os, "fsync", faults.before(os.fsync))
    elif kind == "rename":
        for name in ("replace", "link"):
            monkeypatch.setattr(os, name, faults.before(getattr(os, name)))
    else:
        plain = Path.open

        def open_faulty(path: Path, mode: str = "r", *more: Any, **named: Any) -> Any:
            if mode != "wb" or not path.name.startswith("."):
                return plain(path, mode, *more, **named)
            raw = FaultyFile(path, "wb")
            raw.faults = faults
            return io.BufferedWriter(raw)

        monkeypatch.setattr(Path, "open", open_faulty)
        monkeypatch.setattr(os, "write", faults.before(os.write))


def tiny_options(sources: Path, out: Path, **changes: object) -> BuildOptions:
    """A build of four shards that takes a few hundredths of a second."""
    return small_options(sources, out, size=32, samples=8, samples_per_shard=4, **changes)


@pytest.fixture(scope="module")
def whole(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    return build_dataset(tiny_options(sources, tmp_path_factory.mktemp("whole") / "shards"))


def refusal_of(options: BuildOptions) -> str | None:
    """The sentence that a build ends with, if it does not end well."""
    try:
        build_dataset(options)
    except RunError as failure:
        return str(failure)
    return None


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("kind", ["write", "fsync", "rename"])
def test_after_every_fault_the_next_run_ends_with_the_same_bytes(
    kind: str,
    error: int,
    whole: BuildResult,
    sources: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    faults = Faults(error)
    make_fail(monkeypatch, kind, faults)
    build_dataset(tiny_options(sources, tmp_path / "count"))
    calls = faults.calls
    assert calls >= {"write": 15, "fsync": 20, "rename": 10}[kind]
    refused = 0
    for turn in range(1, calls + 1):
        options = tiny_options(sources, tmp_path / str(turn))
        faults.turn = turn
        sentence = refusal_of(options)
        if sentence is not None:
            refused += 1
            kept = len(list(options.out.glob("*-0*.json")))
            assert (f"{kept} of 4 shards are kept" if kept else "no shard was finished") in sentence
        assert not [path for path in options.out.glob(".*") if path.name[:11] != ".plan.json."]
        assert build_dataset(options).digest == whole.digest
        assert files_of(options.out) == files_of(whole.out)
        shutil.rmtree(options.out)
    assert refused >= (calls - 1 if error == errno.ENOSPC else 1)


@pytest.mark.parametrize("format", ["tar", "lmdb"])
def test_a_build_needs_no_hard_links_no_locks_and_no_fsync(
    format: str, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = build_dataset(tiny_options(sources, tmp_path / "usual", format=format))
    # Builds beside this test can lock: they would take its scratch folders for abandoned ones.
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for module, name, error in (
        (os, "link", errno.EPERM),
        (os, "fsync", errno.EINVAL),
        (fcntl, "flock", errno.ENOTSUP),
    ):
        faults = Faults(error)
        faults.always = True
        monkeypatch.setattr(module, name, faults.before(getattr(module, name)))
    here = build_dataset(tiny_options(sources, tmp_path / "here", format=format))
    assert here.digest == usual.digest
    assert build_dataset(tiny_options(sources, here.out, format=format)).shards_made == 0
    assert files_of(here.out) == files_of(usual.out)
    assert not list(here.out.glob(".*"))


def test_a_quota_that_is_used_up_is_told_from_a_full_disk(
    whole: BuildResult, sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = Faults(errno.EDQUOT)
    make_fail(monkeypatch, "write", faults)
    faults.turn = 9
    options = tiny_options(sources, tmp_path / "shards")
    sentence = refusal_of(options)
    kept = len(list(options.out.glob("*-0*.json")))
    assert kept
    said = f"found {os.strerror(errno.EDQUOT)}; {kept} of 4 shards are kept in {options.out}; "
    assert sentence is not None
    assert said + "make room within your quota and run the same command again" in sentence
    assert build_dataset(options).shards_kept == kept
    assert files_of(options.out) == files_of(whole.out)


def mount_tmpfs(folder: Path, size: int) -> bool:
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB, where the system lets a test have one."""
    disk = tmp_path / "disk"
    if shutil.which("mount") is None or not mount_tmpfs(disk, 256 << 10):
        pytest.skip("no right to mount a small disk")
    try:
        yield disk
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_disk_is_said_with_what_is_kept_and_room_is_all_it_takes(
    workers: int, plain_build: BuildResult, sources: Path, small_disk: Path
) -> None:
    options = small_options(sources, small_disk / "shards", workers=workers)
    with pytest.raises(RunError, match="No space left on device") as failure:
        build_dataset(options)
    kept = len(list(options.out.glob("*-0*.json")))
    assert 0 < kept < 7
    assert f"{kept} of 7 shards are kept in {options.out}; make room and run" in str(failure.value)
    assert not list(options.out.glob(".*"))
    subprocess.run(["mount", "-o", "remount,size=16m", str(small_disk)], check=True)
    again = build_dataset(options)
    assert again.shards_kept == kept
    assert files_of(options.out) == files_of(plain_build.out)


def test_a_full_place_for_half_made_lmdb_shards_is_named(
    sources: Path, tmp_path: Path, small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(small_disk))
    options = small_options(
        sources, tmp_path / "shards", format="lmdb", size=128, samples_per_shard=90
    )
    with pytest.raises(RunError, match=f"^{small_disk}: .*No space left.*make room"):
        build_dataset(options)
    assert not list(small_disk.iterdir())
    monkeypatch.undo()
    assert build_dataset(options).digest


def test_a_folder_without_the_right_to_write_is_said(sources: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    if shutil.which("mount") is None or not mount_tmpfs(disk, 1 << 20):
        pytest.skip("no right to mount a small disk")
    try:
        built = build_dataset(tiny_options(sources, disk / "shards"))
        (built.out / "train-000000.json").unlink()
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        with pytest.raises(
            RunError, match=r"Read-only file system: .* nothing was changed; make it writable"
        ):
            build_dataset(tiny_options(sources, built.out))
        with pytest.raises(RunError, match=r"Read-only file system: .* nothing was changed"):
            build_dataset(tiny_options(sources, disk / "new"))
    finally:
        subprocess.run(["umount", str(disk)], check=True)
