"""Builds that are killed: at random moments, in the workers and in the parent, by every signal"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.execution.job import Job
from pipeline.execution.local import run_local
from pipeline.machine.counters import Counters
from pipeline.planning.plan import Plan
from pipeline.rendering.site import Site
from shards.base.errors import RunError
from shards.places.local_folder import LocalFolder
from shards.records.manifest import LOG, Record, read_plan

SHARDS = 33
LONG = {"samples": 1600, "samples_per_shard": 50, "placements": 400, "workers": 2}
TORCHS = "torchinductor_"
"""How the folder's name begins that importing torchvision leaves in the temporary folder."""


@pytest.fixture(scope="module")
def whole(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """An undisturbed build of 33 shards."""
    out = tmp_path_factory.mktemp("whole") / "shards"
    return build_dataset(small_options(sources, out, **LONG))


def start_build(
    sources: Path,
    out: Path,
    *more: str,
    temporary: Path | None = None,
    before: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """The build of `whole`, by the command line in a session of its own."""
    command = [
        *(*before, sys.executable, "-m", "depthmask", "build-dataset"),
        *("--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--out", str(out)),
        *("--size", "64", "--samples", "1600", "--samples-per-shard", "50"),
        *("--val-fraction", ".25", "--depth-model", "none", "--placements", "400"),
        *(more or ("--workers", "2")),
    ]
    environment = os.environ | ({} if temporary is None else {"TMPDIR": str(temporary)})
    return subprocess.Popen(
        command,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def records_in(out: Path) -> dict[str, int]:
    """The commit records in a folder, with the time each was written."""
    return {path.name: path.stat().st_mtime_ns for path in out.glob("*-0*.json")}


def wait_for_records(out: Path, count: int, process: subprocess.Popen[str]) -> None:
    while len(records_in(out)) < count:
        assert process.poll() is None, "the build ended before it could be disturbed"
        time.sleep(0.002)


def workers_of(pid: int) -> list[psutil.Process]:
    """The processes of a build that make shards."""
    children = psutil.Process(pid).children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


def disturb(
    sources: Path, whole: BuildResult, folder: Path, kills: int, seed: int, *more: str
) -> None:
    """Kill a build `kills` times; at the end its files are those of `whole`, and no others."""
    draws = random.Random(seed)
    out, temporary = folder / "shards", folder / "temporary"
    temporary.mkdir(parents=True)
    process = start_build(sources, out, *more, temporary=temporary)
    seen: dict[str, int] = {}
    targets = sorted(draws.randrange(1, SHARDS - 1) for _ in range(kills))
    for number, records in enumerate(targets):
        wait_for_records(out, records, process)
        time.sleep(draws.uniform(0, 0.05))
        seen |= records_in(out)
        if number % 2 and (workers := workers_of(process.pid)):
            draws.choice(workers).kill()
            continue
        process.kill()
        process.communicate()
        process = start_build(sources, out, *more, temporary=temporary)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert json.loads((out / "dataset.json").read_text())["digest"] == whole.digest
    assert files_of(out) == files_of(whole.out)
    lines = [json.loads(line) for line in (out / LOG).read_text().splitlines()]
    made = Counter(line["name"] for line in lines if line["event"] == "shard")
    assert max(made.values()) == 1
    assert {name: records_in(out)[name] for name in seen} == seen
    assert not [path for path in temporary.iterdir() if not path.name.startswith(TORCHS)]


def test_five_kills_end_with_the_same_bytes_and_nothing_made_twice(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    disturb(sources, whole, tmp_path, kills=5, seed=11)


@pytest.mark.slow
def test_thirty_kills_end_with_the_same_bytes_and_nothing_made_twice(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    for seed in range(3):
        disturb(sources, whole, tmp_path / str(seed), kills=10, seed=seed)


@pytest.mark.slow
def test_kills_of_a_layered_build_end_with_the_same_bytes(sources: Path, tmp_path: Path) -> None:
    layered = {"depth_model": "densedepth-lite", "depth_mode": "layered"}
    options = small_options(sources, tmp_path / "whole", **(LONG | layered))
    more = ("--workers", "2", "--depth-model", "densedepth-lite", "--depth-mode", "layered")
    disturb(sources, build_dataset(options), tmp_path / "killed", 6, 5, *more)


@contextmanager
def killing_whoever_makes(shard: str, times: int) -> Iterator[None]:
    """SIGKILL for each worker of this process that has `shard` open, at most so many times."""
    left, ended = times, threading.Event()

    def watch() -> None:
        nonlocal left
        while left and not ended.wait(0.001):
            for worker in psutil.Process().children():
                try:
                    if left and any(shard in file.path for file in worker.open_files()):
                        left -= 1
                        worker.kill()
                except psutil.NoSuchProcess:
                    continue

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def test_a_worker_killed_once_costs_nothing_but_time(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    with killing_whoever_makes("train-000003.tar", times=1):
        made = build_dataset(small_options(sources, tmp_path / "shards", **LONG))
    assert made.shards_made == SHARDS
    assert files_of(made.out) == files_of(whole.out)


def test_a_shard_that_always_kills_its_worker_is_named_and_the_others_are_made(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    options = small_options(sources, tmp_path / "shards", **LONG)
    with (
        killing_whoever_makes("train-000003.tar", times=99),
        pytest.raises(RunError, match=r"^train-000003\.tar: .* 3 times .* 32 of 33 shards"),
    ):
        build_dataset(options)
    assert len(records_in(options.out)) == SHARDS - 1
    assert not list(options.out.glob(".*"))
    again = build_dataset(options)
    assert again.shards_made == 1
    assert files_of(options.out) == files_of(whole.out)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(
    ("number", "status", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "hung up"),
    ],
)
def test_a_signal_is_answered_within_two_seconds_by_one_line(
    sources: Path, tmp_path: Path, number: signal.Signals, status: int, word: str, workers: str
) -> None:
    process = start_build(sources, tmp_path / "out", "--workers", workers)
    wait_for_records(tmp_path / "out", 2, process)
    workers_alive = workers_of(process.pid)
    begin = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert time.monotonic() - begin < 2
    assert process.returncode == status
    kept = len(records_in(tmp_path / "out"))
    expected = f"{word}: {kept} of {SHARDS} shards are kept in {tmp_path / 'out'}; "
    assert errors.splitlines()[-1] == expected + "the same command resumes."
    assert not any(worker.is_running() for worker in workers_alive)
    assert not list((tmp_path / "out").glob(".*"))


def test_a_closed_terminal_ends_a_build_and_its_workers_by_one_line(
    sources: Path, tmp_path: Path
) -> None:
    """All processes of the terminal's group get SIGHUP: none of them may say anything else."""
    process = start_build(sources, tmp_path / "out")
    wait_for_records(tmp_path / "out", 2, process)
    workers = workers_of(process.pid)
    os.killpg(process.pid, signal.SIGHUP)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 129
    assert errors.splitlines()[-1].startswith("hung up: ")
    assert "Traceback" not in errors
    assert not any(worker.is_running() for worker in workers)


def test_a_build_under_nohup_does_not_hear_of_a_closed_terminal(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    process = start_build(sources, tmp_path / "out", before=["nohup"])
    wait_for_records(tmp_path / "out", 2, process)
    os.killpg(process.pid, signal.SIGHUP)
    _, errors = process.communicate(timeout=100)
    assert process.returncode == 0, errors
    assert files_of(tmp_path / "out") == files_of(whole.out)


def test_a_build_killed_after_its_last_shard_leaves_nothing_behind_either(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    out, temporary = tmp_path / "shards", tmp_path / "temporary"
    temporary.mkdir()
    process = start_build(sources, out, temporary=temporary)
    wait_for_records(out, SHARDS - 2, process)
    process.kill()
    process.communicate()
    assert list(temporary.iterdir())
    for path in whole.out.iterdir():
        if path.name != "dataset.json" and not (out / path.name).exists():
            shutil.copy(path, out)
    again = start_build(sources, out, temporary=temporary)
    again.communicate(timeout=60)
    assert again.returncode == 0
    assert files_of(out) == files_of(whole.out)
    assert not list(temporary.iterdir())


def test_workers_end_when_their_parent_is_gone(sources: Path, tmp_path: Path) -> None:
    process = start_build(sources, tmp_path / "out")
    wait_for_records(tmp_path / "out", 2, process)
    workers = workers_of(process.pid)
    assert workers
    process.kill()
    process.communicate()
    _, alive = psutil.wait_procs(workers, timeout=2)
    assert not alive


def test_a_worker_killed_between_two_shards_is_replaced(
    sources: Path, whole: BuildResult, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(whole.out, tmp_path / "copy"))
    plan = Plan(read_plan(copy))
    site = Site(out=copy, fg=sources / "fg", bg=sources / "bg", device="cpu", depth_weights=None)
    counters = Counters(SHARDS)
    heard = []
    job = Job(place=LocalFolder(copy), site=site, build=plan.build)
    for task, outcome in run_local(job, plan.tasks(), counters, workers=1):
        heard.append((task.name, outcome))
        for worker in workers_of(os.getpid()):
            worker.kill()
            worker.wait()
        if len(heard) == 4:
            break
    counters.remove()
    assert all(isinstance(outcome, Record) for _, outcome in heard)
    assert len({name for name, _ in heard}) == 4
