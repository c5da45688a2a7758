"""A mutation loop over everything that depthmask reads: every failure must be a sentence of ours.

    python tests/fuzz/mutate.py --minutes 60 --work fuzz

Each input is a whole file with some damage, read by one of the commands' functions. A child
process tries them; this one stops it while `--pause FILE` exists, ends it where an input takes
too long, and starts another where it dies, so nothing goes unnoticed. `--minutes` counts the
child's processor time. The counts of all runs in `--work` add up in its ledger.json, which is
saved each minute; inputs that were found are kept in `finds`. The counts are in
docs/design-notes/hostile-files.md; what was found lives on as tests.
"""

import argparse
import json
import os
import secrets
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "kit"), str(ROOT / "tests" / "fuzz")]

from ledger import Ledger  # noqa: E402
from trial import Child, prepare_process  # noqa: E402

GROUPS = ("files", "networks", "teachers")
ROUND_SECONDS = 600.0
SECONDS_AN_INPUT = 60.0
TICK, TICKS_AN_INPUT = 0.5, 1200
SAVE_EVERY = 60.0


def run_child(work: Path, group: str, seed: int, seconds: float, only: str | None) -> None:
    """The child: make the whole files, then try inputs."""
    reports = prepare_process()
    temporary = work / "temporary"
    tempfile.tempdir = str(temporary)
    if group == "files":
        from targets import file_targets as targets
    elif group == "networks":
        from network_targets import network_targets as targets  # type: ignore[no-redef]
    else:
        from teacher_targets import teacher_targets as targets  # type: ignore[no-redef]
    child = Child([t for t in targets(work) if only in (None, t.name)], work, seed, reports)
    child.warm_up()
    child.run(seconds)


class Parent:
    """Runs children until the ledger has grown by so many processor seconds."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        given.work.mkdir(parents=True, exist_ok=True)
        self._ledger = Ledger.open(given.work / "ledger.json")
        self._goal = self._ledger.seconds + 60 * given.minutes
        self._saved = time.monotonic()

    def run(self) -> None:
        seed = self._given.seed
        turn = 0
        while self._ledger.seconds < self._goal:
            group = self._given.group or ("files", "teachers", "files", "networks")[turn % 4]
            self._round(group, secrets.randbits(48) if seed is None else seed + turn)
            turn += 1
            self._ledger.save()
        print(self._ledger.table())

    def _round(self, group: str, seed: int) -> None:
        place = self._given.work / "round"
        shutil.rmtree(place, ignore_errors=True)
        (place / "temporary").mkdir(parents=True)
        seconds = min(ROUND_SECONDS, self._goal - self._ledger.seconds)
        command = [sys.executable, __file__, "--work", str(place), "--child", group]
        command += ["--seed", str(seed), "--seconds", str(seconds)]
        command += ["--only", self._given.only] if self._given.only else []
        scratch = {
            "PYTHONDONTWRITEBYTECODE": "1",
            "MPLCONFIGDIR": str(place / "temporary"),
            "HF_HUB_OFFLINE": "1",
            "OMP_NUM_THREADS": "1",
        }
        with (place / "stderr").open("wb") as errors:
            child = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, env=os.environ | scratch
            )
        try:
            hung = self._follow(child, place)
        finally:
            child.kill()
            status = child.wait()
        self._ledger.children += 1
        if status or hung:
            self._died(place, seed, "over the time of an input" if hung else f"status {status}")
        print(f"{group} {seed}: {self._ledger.seconds / 60:.1f} min", flush=True)

    def _follow(self, child: "subprocess.Popen[bytes]", place: Path) -> bool:
        """Read reports until the child ends; True where it hangs on an input."""
        assert child.stdout is not None
        process, stuck, before, buffer = psutil.Process(child.pid), 0, None, b""
        while True:
            self._pause(child)
            ready, _, _ = select.select([child.stdout], [], [], TICK)
            if ready:
                piece = os.read(child.stdout.fileno(), 1 << 20)
                if not piece:
                    return False
                *lines, buffer = (buffer + piece).split(b"\n")
                for line in lines:
                    self._count(json.loads(line))
                continue
            try:
                if process.status() == psutil.STATUS_STOPPED:
                    continue
                used = sum(process.cpu_times()[:2])
                stamp = (place / "current").stat().st_mtime_ns
            except (psutil.Error, OSError):
                continue
            if before is None or before[0] != stamp:
                before, stuck = (stamp, used), 0
            stuck += 1
            if used - before[1] > SECONDS_AN_INPUT or stuck > TICKS_AN_INPUT:
                return True

    def _pause(self, child: "subprocess.Popen[bytes]") -> None:
        """Stop the child as long as the file that says so exists."""
        if self._given.pause and self._given.pause.exists():
            child.send_signal(signal.SIGSTOP)
            while self._given.pause.exists():
                time.sleep(2)
            child.send_signal(signal.SIGCONT)

    def _count(self, report: dict[str, Any]) -> None:
        for where in self._ledger.add(report):
            print(f"FOUND {where}", flush=True)
        if time.monotonic() - self._saved > SAVE_EVERY:
            self._ledger.save()
            self._saved = time.monotonic()

    def _died(self, place: Path, seed: int, how: str) -> None:
        """Keep what a child was at when it died; one that tried nothing is our own mistake."""
        if not (place / "current").exists():
            raise SystemExit((place / "stderr").read_text(errors="replace"))
        self._ledger.died += 1
        said = (place / "stderr").read_text(errors="replace")[-1500:]
        at = json.loads((place / "current").read_text())
        name = f"died-{seed}"
        (self._given.work / "finds").mkdir(exist_ok=True)
        shutil.copy(place / "current.bytes", self._given.work / "finds" / name)
        row = {"read": 0, "refused": 0, "FOUND": 1, "seconds": 0}
        where = f"{at['target']}, {at['reader']}: died, {how}"
        self._count(
            {
                "targets": {at["target"]: row},
                "finds": [{"where": where, "fault": said, "file": at["file"], "input": name}],
            }
        )


def main() -> None:
    """Children until the time is over, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60, help="of processor time")
    parser.add_argument("--work", type=Path, default=Path("fuzz"))
    parser.add_argument("--seed", type=int, help="of the first child  [default: drawn]")
    parser.add_argument("--group", choices=GROUPS)
    parser.add_argument("--only", help='one target: manifest, "tar shard", picture, ...')
    parser.add_argument("--pause", type=Path, help="stand still while this file exists")
    parser.add_argument("--table", action="store_true", help="only print the counts so far")
    parser.add_argument("--child", choices=GROUPS, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        run_child(given.work, given.child, given.seed, given.seconds, given.only)
    elif given.table:
        print(Ledger.open(given.work / "ledger.json").table())
    else:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # its child ends with it
        Parent(given).run()


if __name__ == "__main__":
    main()
