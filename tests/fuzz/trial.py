"""One input tried under watch, and the child process that tries them until its time is over.

A trial ends well where the reader comes back, or raises one sentence of ours. Anything else is a
find: another exception, a warning, two lines, memory beyond the bound, a file written outside
the places that the reader was given, a program started, a connection made.
"""

import json
import os
import random
import resource
import shutil
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
from mutations import Change

from pipeline.sources.decode import UnusablePictureError
from pipeline.sources.sandbox import DeadDecoderError
from shards.base.errors import InputError, RunError

OURS = (InputError, RunError, UnusablePictureError, DeadDecoderError, click.ClickException)
MOST_MEMORY = 950 << 20
"""Bytes of resident memory that one input may add: the limit of pictures, and some room."""

_ADDRESS_SPACE = 16 << 30
_REPORT_EVERY = 2.0
_CHILDREN = ("pipeline.depth.teachers.keras_reader", "pipeline.sources.sandboxed_decode")
"""Our own processes: HDF5's library and decoders of pictures run in them."""

Reader = Callable[[Path], object]
"""Reads a folder in which one file is damaged."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A file to damage below a whole folder, and what reads it.

    `readers` are given the folder itself and may write nothing; `writers` a copy of it, in which
    they may. `weight` is how often it is tried beside the others.
    """

    name: str
    folder: Path
    file: str
    change: Change
    readers: tuple[Reader, ...] = ()
    writers: tuple[Reader, ...] = ()
    weight: float = 1.0


@dataclass
class Watch:
    """What must not happen while an input is read: seen by an audit hook, which stays for good."""

    may_write: tuple[str, ...] = ()
    seen: list[str] = field(default_factory=list)
    on: bool = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "subprocess.Popen" and set(_CHILDREN) & set(arguments[1]):
            return
        if event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork"):
            self.seen.append(f"{event} {arguments[0]!r}")
        elif event == "socket.connect":
            self.seen.append(f"{event} {arguments[1]!r}")
        elif event == "open":
            path, _, flags = arguments
            if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC):
                self._require_inside(event, path)
        elif event in ("os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.chmod"):
            if arguments[-1] in (-1, None) or event == "os.truncate":
                self._require_inside(event, arguments[0])
        elif event in ("os.rename", "os.link", "os.symlink"):
            self._require_inside(event, arguments[1])

    def _require_inside(self, event: str, path: Any) -> None:
        if isinstance(path, int) or path == os.devnull:
            return
        if os.path.realpath(os.fsdecode(path)) in self.may_write:
            return
        real = os.path.realpath(os.path.dirname(os.fsdecode(path)) or ".")
        if not any(real == place or real.startswith(place + "/") for place in self.may_write):
            self.seen.append(f"{event} {path!r}")


WATCH = Watch()


class Memory:
    """The highest resident size since `begin`, in bytes, above what it was then (Linux)."""

    def __init__(self) -> None:
        self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY)
        self._before = 0

    def begin(self) -> None:
        os.write(self._reset, b"5")
        self._before = self._status("VmRSS:")

    def grown(self) -> int:
        return self._status("VmHWM:") - self._before

    @staticmethod
    def _status(name: str) -> int:
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) << 10 for line in file if line.startswith(name))


@contextmanager
def watched(*places: Path) -> Iterator[None]:
    """Note what is written outside `places`, and programs and connections."""
    WATCH.may_write = tuple(os.path.realpath(place) for place in places)
    WATCH.seen.clear()
    WATCH.on = True
    try:
        yield
    finally:
        WATCH.on = False


def attempt(
    read: Reader, folder: Path, places: tuple[Path, ...], memory: Memory
) -> tuple[str, str | None]:
    """The outcome of a reader on a folder, and what is wrong with that (None: nothing)."""
    fault: str | None = None
    outcome = "read"
    memory.begin()
    with watched(*places):
        try:
            read(folder)
        except OURS as error:
            outcome = "refused"
            if not isinstance(error, click.ClickException) and len(str(error).splitlines()) != 1:
                fault = f"no single sentence: {str(error)[:300]!r}"
        except BaseException as error:
            last = traceback.extract_tb(error.__traceback__)
            ours = [f for f in last if "/fuzz/" not in f.filename and "python3" not in f.filename]
            where = f"{Path((ours or last)[-1].filename).name}:{(ours or last)[-1].lineno}"
            fault = f"{type(error).__name__} at {where}: {str(error)[:300]}"
    grown = memory.grown()
    if fault is None and grown > MOST_MEMORY:
        fault = f"{grown >> 20} MiB of memory"
    if fault is None and WATCH.seen:
        fault = f"it did {WATCH.seen[0]}"
    return ("FOUND" if fault else outcome), fault


class Child:
    """Tries inputs one after another, and prints what came of them as lines of JSON."""

    def __init__(self, targets: list[Target], work: Path, seed: int, reports: int) -> None:
        self._reports = reports
        self._targets, self._work, self._seed = targets, work, seed
        self._scratch = work / "attempt"
        self._temporary = work / "temporary"
        self._memory = Memory()
        self._counts: dict[str, dict[str, float]] = {}
        self._finds: list[dict[str, Any]] = []
        self._reported = time.process_time()

    def warm_up(self) -> None:
        """Every reader on whole files: what is imported late is there, and nothing is refused."""
        seen: set[tuple[str, Reader]] = set()
        for target in self._targets:
            for read in target.readers + target.writers:
                if (target.name, read) not in seen:
                    seen.add((target.name, read))
                    read(target.folder if read in target.readers else self._copy(target))

    def run(self, seconds: float) -> None:
        """Try inputs for so many seconds of processor time."""
        sys.addaudithook(WATCH)
        rng = random.Random(self._seed)
        weights = [target.weight for target in self._targets]
        end = time.process_time() + seconds
        turn = 0
        self._reported = time.process_time()
        while time.process_time() < end:
            (target,) = rng.choices(self._targets, weights)
            self._try(target, rng, turn)
            turn += 1
        self._report()

    def _try(self, target: Target, rng: random.Random, turn: int) -> None:
        begin = time.process_time()
        path = target.folder / target.file
        whole = path.read_bytes()
        damaged = target.change(whole, rng)
        reads = target.readers + target.writers
        index = rng.randrange(len(reads))
        name = getattr(reads[index], "func", reads[index]).__name__
        (self._work / "current.bytes").write_bytes(damaged)
        (self._work / "current").write_text(
            json.dumps({"target": target.name, "file": target.file, "reader": name, "turn": turn})
        )
        places: tuple[Path, ...] = (self._temporary,)
        folder = target.folder
        try:
            if index >= len(target.readers):
                folder = self._copy(target)
                places = (*places, self._scratch)
            (folder / target.file).write_bytes(damaged)
            outcome, fault = attempt(reads[index], folder, places, self._memory)
        finally:
            path.write_bytes(whole)
        row = self._counts.setdefault(target.name, {"read": 0, "refused": 0, "FOUND": 0})
        row[outcome] += 1
        row["seconds"] = row.get("seconds", 0) + time.process_time() - begin
        if fault is not None:
            self._keep(target, name, fault, turn, damaged)
        if time.process_time() - self._reported > _REPORT_EVERY:
            self._report()

    def _copy(self, target: Target) -> Path:
        """A fresh copy of a target's folder, for readers that write."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        place = self._scratch / target.folder.name
        return Path(shutil.copytree(target.folder, place, symlinks=True))

    def _keep(self, target: Target, reader: str, fault: str, turn: int, data: bytes) -> None:
        name = f"{target.name}-{self._seed}-{turn}"
        where = f"{target.name}, {reader}: {fault.partition(': ')[0]}"
        if not any(find["where"] == where for find in self._finds):
            finds = self._work.parent / "finds"
            finds.mkdir(exist_ok=True)
            (finds / name).write_bytes(data)
        self._finds.append({"where": where, "fault": fault, "file": target.file, "input": name})

    def _report(self) -> None:
        line = json.dumps({"targets": self._counts, "finds": self._finds}) + "\n"
        os.write(self._reports, line.encode())
        self._counts, self._finds = {}, []
        self._reported = time.process_time()


def prepare_process() -> int:
    """Warnings are errors, memory has an end, no workers are started, a crash leaves no core.

    The descriptor of standard output as it was: from now on what commands say goes nowhere.
    """
    reports = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.cpu_count = lambda: 1
    warnings.simplefilter("error")
    for harmless in ("_cuda", "lazy", "deprecated", "torch_jit"):
        warnings.filterwarnings("ignore", f".*{harmless}.*")
    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    return reports
