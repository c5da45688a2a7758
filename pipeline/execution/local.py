"""The local engine: worker processes of this machine that may be killed at any time.

Every worker is a loky pool of its own. loky gives up a whole pool when one of its processes is
killed; so a kill costs the shard in flight in that process and touches no other.
"""

import os
import signal
import threading
import time
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from joblib.externals.loky import ProcessPoolExecutor
from joblib.externals.loky.process_executor import BrokenProcessPool

from pipeline.execution.job import Failure, Job, Outcome, Results, count_and_make, passes, persist
from pipeline.machine.counters import Counters
from pipeline.machine.hangup import block_hangup
from pipeline.planning.plan import ShardTask
from shards.base.keys import BACKGROUND

KILLED = Failure("passing", "that its worker process was killed (out of memory, or by a signal)")

_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
_WATCH_SECONDS = 0.2
_RENEWED = "A worker stopped while some jobs were given"
"""loky's warning when it renews a process that grew by 300 MB: what it is meant to do."""


def _settle(parent: int) -> None:
    """A worker leaves Ctrl-C to the parent, and ends at once when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


class _Worker:
    """One process that makes one shard at a time; a fresh one takes its place when it is killed."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    def start(self, job: Job, task: ShardTask, index: int, counters: Counters) -> "Future[Outcome]":
        """Begin a shard; a process that was killed while it was idle is replaced."""
        with block_hangup():
            return self._start(job, task, index, counters)

    def _start(
        self, job: Job, task: ShardTask, index: int, counters: Counters
    ) -> "Future[Outcome]":
        if self._pool is not None:
            try:
                return self._submit(self._pool, job, task, index, counters)
            except BrokenProcessPool:
                self.stop(kill=True)
        self._pool = ProcessPoolExecutor(
            max_workers=1, initializer=_settle, initargs=(os.getpid(),), env=_ONE_THREAD
        )
        return self._submit(self._pool, job, task, index, counters)

    @staticmethod
    def _submit(pool: ProcessPoolExecutor, *arguments: Any) -> "Future[Outcome]":
        future: Future[Outcome] = pool.submit(count_and_make, *arguments)
        return future

    def outcome(self, future: "Future[Outcome]") -> Outcome:
        """What came of a shard that ended."""
        try:
            return future.result()
        except BrokenProcessPool:
            self.stop(kill=True)
            return KILLED

    def stop(self, *, kill: bool) -> None:
        """End the process: now, or when it is idle."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, kill_workers=kill)
            self._pool = None


def run_local(job: Job, tasks: Sequence[ShardTask], counters: Counters, workers: int) -> Results:
    """Make shards in `workers` processes; what failed in passing is tried again alone.

    A shard that lost its worker waits until all others are done, then runs with nothing beside
    it, in a fresh process: so only a shard that brings its own worker down collects strikes, and
    one that only lacked memory among others is made. Backgrounds come last: loky takes what a
    process grows after its first task for a leak and renews it, and they need no teacher.
    """
    warnings.filterwarnings("ignore", _RENEWED, UserWarning)
    numbered = sorted(enumerate(tasks), key=lambda pair: pair[1].split == BACKGROUND)
    crew = [_Worker() for _ in range(min(workers, len(numbered)))]
    again: list[tuple[int, ShardTask]] = []
    done = False
    try:
        for index, task, outcome in _spread(job, numbered, counters, crew):
            if passes(outcome):
                again.append((index, task))
            else:
                yield task, outcome
        for worker in crew:
            worker.stop(kill=False)
        for index, task in again:
            yield task, _alone(job, task, index, counters, crew[0])
        done = True
    finally:
        for worker in crew:
            worker.stop(kill=not done)


def _alone(job: Job, task: ShardTask, index: int, counters: Counters, worker: _Worker) -> Outcome:
    """What comes of a shard with nothing running beside it, in a fresh process each time."""

    def attempt() -> Outcome:
        outcome = worker.outcome(worker.start(job, task, index, counters))
        worker.stop(kill=False)
        return outcome

    return persist(attempt)


def _spread(
    job: Job,
    numbered: Iterable[tuple[int, ShardTask]],
    counters: Counters,
    crew: Sequence[_Worker],
) -> Iterator[tuple[int, ShardTask, Outcome]]:
    """Give each idle worker the next task; each outcome as it ends."""
    waiting = iter(numbered)
    idle = list(crew)
    running: dict[Future[Outcome], tuple[_Worker, int, ShardTask]] = {}
    while True:
        while idle and (next_task := next(waiting, None)) is not None:
            index, task = next_task
            worker = idle.pop()
            running[worker.start(job, task, index, counters)] = worker, index, task
        if not running:
            return
        ended, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in ended:
            worker, index, task = running.pop(future)
            idle.append(worker)
            yield index, task, worker.outcome(future)
