"""Builds that are killed again and again on a machine under load: every one must come out equal.

    python tests/benchmarks/kill_storm.py --kills 200 --busy 2 --pressure 0.5

Six kinds of build (tar and LMDB; no depth, composite, layered) share the kills. Each kill hits the
parent, one worker or all of them with SIGKILL at a random moment; the same command then goes on.
Beside them `--busy` processes compute without end, and one keeps touching `--pressure` of the
memory that is free. Whatever ends is compared with an undisturbed build file by file, without the
log. The exit status is 1 if any differs.
"""

import argparse
import hashlib
import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

LOG = "build.log.jsonl"
STORES = ("tar", "lmdb")
DEPTHS = {
    "none": ["--depth-model", "none", "--samples", "3000"],
    "composite": ["--depth-mode", "composite", "--samples", "300"],
    "layered": ["--depth-mode", "layered", "--samples", "1500"],
}
_BUSY = "while True: sum(range(10_000))"
_TOUCH = (
    "import sys, time\n"
    "held = bytearray(int(sys.argv[1]))\n"
    "while True:\n"
    "    held[::4096] = bytes(len(range(0, len(held), 4096)))\n"
    "    time.sleep(.2)\n"
)


@contextmanager
def load(busy: int, pressure: float) -> Iterator[None]:
    """Processes that compute, and one that keeps touching a share of the free memory."""
    size = int(psutil.virtual_memory().available * pressure)
    processes = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(busy)]
    if size:
        processes.append(subprocess.Popen([sys.executable, "-c", _TOUCH, str(size)]))
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def files_of(out: Path) -> dict[str, str]:
    """SHA-256 of every file of a data set but its log, hidden ones included."""
    return {
        path.relative_to(out).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != LOG
    }


def start(pictures: Path, out: Path, store: str, depth: str) -> subprocess.Popen[bytes]:
    """The build of one kind, in a process group of its own."""
    command = [sys.executable, "-m", "depthmask", "build-dataset", "--quiet"]
    command += ["--fg", str(pictures / "cars"), "--bg", str(pictures / "scenes"), "--out", str(out)]
    command += ["--size", "64", "--val-fraction", ".25", "--samples-per-shard", "50"]
    command += ["--placements", "400", "--workers", "2", "--format", store, *DEPTHS[depth]]
    return subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def workers_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """The processes that a build has started to make shards."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "resource_tracker" not in " ".join(child.cmdline())]


def finish(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a build, and ask for success."""
    _, errors = process.communicate(timeout=900)
    if process.returncode:
        raise SystemExit(f"a build ended with {process.returncode}: {errors.decode()[-2000:]}")


def storm(pictures: Path, folder: Path, store: str, depth: str, kills: int, seed: int) -> bool:
    """Whether all builds of one kind came out equal, with `kills` kills among them."""
    draws = random.Random(f"{seed} {store} {depth}")
    begin = time.monotonic()
    finish(start(pictures, folder / "whole", store, depth))
    whole, takes = files_of(folder / "whole"), time.monotonic() - begin
    done, builds, equal = 0, 0, True
    while done < kills:
        out = folder / f"killed-{builds}"
        left = min(kills - done, draws.randint(2, 8))
        process = start(pictures, out, store, depth)
        while left:
            with suppress(subprocess.TimeoutExpired):
                process.wait(draws.uniform(0.1, 0.9) * takes)
            if process.poll() is not None:
                break
            done, left, whom = done + 1, left - 1, draws.choice(["parent", "worker", "all"])
            if whom == "worker" and (workers := workers_of(process)):
                draws.choice(workers).kill()  # the build goes on by itself
                continue
            os.killpg(process.pid, signal.SIGKILL) if whom == "all" else process.kill()
            process.communicate()
            process = start(pictures, out, store, depth)
        finish(process)
        builds += 1
        same = files_of(out) == whole
        equal &= same
        print(f"{store} {depth}: {done} kills, {builds} builds, {'equal' if same else 'DIFFERENT'}")
    return equal


def main() -> None:
    """Share the kills among the kinds of build, and say whether all came out equal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--busy", type=int, default=2)
    parser.add_argument("--pressure", type=float, default=0.5, help="share of the free memory")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    kinds = list(itertools.product(STORES, DEPTHS))
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, load(given.busy, given.pressure):
        pictures = Path(folder) / "pictures"
        drawn = ["sample-data", str(pictures), "--cars", "8", "--scenes", "8"]
        drawn += ["--people", "0", "--signs", "0"]
        subprocess.run([sys.executable, "-m", "depthmask", "--quiet", *drawn], check=True)
        results = []
        for number, (store, depth) in enumerate(kinds):
            share = given.kills // len(kinds) + (number < given.kills % len(kinds))
            place = Path(folder) / f"{store}-{depth}"
            place.mkdir()
            results.append(storm(pictures, place, store, depth, share, given.seed))
    minutes = (time.monotonic() - begin) / 60
    print(f"{given.kills} kills in {minutes:.1f} minutes: {'all equal' if all(results) else 'NOT'}")
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
