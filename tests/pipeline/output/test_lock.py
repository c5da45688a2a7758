"""pipeline/output/lock.py"""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from small import small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.output.lock import builder_lock, is_lock
from pipeline.planning.parts import Part
from shards.base.errors import RunError

HOLDER = """
import sys, time
from pathlib import Path
from pipeline.output.lock import builder_lock
with builder_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def hold_in_a_process(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_build_is_refused_with_the_process_of_the_first(
    sources: Path, plain_build: BuildResult
) -> None:
    holder = hold_in_a_process(plain_build.out)
    try:
        with pytest.raises(RunError, match=f"found one by process {holder.pid} on "):
            build_dataset(small_options(sources, plain_build.out))
    finally:
        holder.kill()
        holder.communicate()
    assert build_dataset(small_options(sources, plain_build.out)).digest == plain_build.digest
    assert not list(plain_build.out.glob(".*"))


def test_a_lock_outlives_its_holder_as_a_file_but_not_as_a_lock(tmp_path: Path) -> None:
    holder = hold_in_a_process(tmp_path)
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    assert [is_lock(path.name) for path in tmp_path.iterdir()] == [True]
    with builder_lock(tmp_path):
        pass
    assert not list(tmp_path.iterdir())


def test_a_new_folder_whose_builder_died_before_the_plan_is_taken(
    sources: Path, tmp_path: Path
) -> None:
    out = tmp_path / "shards"
    out.mkdir()
    holder = hold_in_a_process(out)
    holder.kill()
    holder.communicate()
    (out / ".plan.json.0123.tmp").write_text("{")
    assert build_dataset(small_options(sources, out, samples=8)).digest
    assert not list(out.glob(".*"))


def test_parts_stand_beside_each_other_but_not_beside_a_whole_build(tmp_path: Path) -> None:
    with builder_lock(tmp_path, Part(0, 2)), builder_lock(tmp_path, Part(1, 2)):
        with pytest.raises(RunError), builder_lock(tmp_path):
            pass
        with pytest.raises(RunError), builder_lock(tmp_path, Part(1, 2)):
            pass
    with builder_lock(tmp_path), pytest.raises(RunError), builder_lock(tmp_path, Part(0, 2)):
        pass
    assert not list(tmp_path.iterdir())


@contextmanager
def of_another_user(monkeypatch: pytest.MonkeyPatch, *refused: int) -> Iterator[None]:
    """Locks that exist are another user's: opening them in these ways is refused."""
    really = os.open

    def open_theirs(path: Any, flags: int, *more: Any, **named: Any) -> int:
        if is_lock(Path(path).name) and Path(path).exists() and flags & os.O_ACCMODE in refused:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return really(path, flags, *more, **named)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", open_theirs)
        yield


def test_the_lock_of_another_user_is_named_with_its_owner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / ".build.lock"
    lock.write_text("")
    said = f"{lock}: expected .*found one of the user {lock.owner()}: Permission denied; wait"
    with (
        of_another_user(monkeypatch, os.O_RDWR, os.O_RDONLY),
        pytest.raises(RunError, match=said),
        builder_lock(tmp_path),
    ):
        pass
    assert lock.exists()


def test_a_lock_that_may_only_be_read_tells_its_holder_and_may_be_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = hold_in_a_process(tmp_path)
    with of_another_user(monkeypatch, os.O_RDWR):
        said = f"found one by process {holder.pid} on .*, which holds .build.lock"
        with pytest.raises(RunError, match=said), builder_lock(tmp_path):
            pass
        holder.kill()
        holder.communicate()
        with builder_lock(tmp_path):
            pass
    assert not list(tmp_path.iterdir())


def test_many_takers_never_hold_it_together(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from pipeline.output.lock import builder_lock
from shards.base.errors import RunError
folder, done = Path(sys.argv[1]), 0
while done < 200:
    try:
        with builder_lock(folder):
            os.close(os.open(folder / "inside", os.O_CREAT | os.O_EXCL))
            os.unlink(folder / "inside")
            done += 1
    except RunError:
        pass
"""
    takers = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path)]) for _ in range(3)]
    deadline = time.monotonic() + 60
    assert [taker.wait(deadline - time.monotonic()) for taker in takers] == [0, 0, 0]
    assert not list(tmp_path.iterdir())
