"""Where shards run: one seam, `run(work, tasks) -> (task, record or error) as each ends`."""

import dataclasses
from collections.abc import Iterator, Sequence

from joblib import Parallel, delayed
from joblib.externals.loky.process_executor import TerminatedWorkerError

from pipeline.counters import Counters
from pipeline.plan import ShardTask
from pipeline.render import Site, render_shard, renderer_of
from shards.errors import InputError, RunError
from shards.manifest import Record

_TICK_EVERY = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """Why a shard could not be made; an exception does not stop the other shards in flight."""

    reason: str


def _make(
    site: Site, build: str, task: ShardTask, index: int, counters: Counters
) -> tuple[ShardTask, Record | Failure]:
    def tick(done: int) -> None:
        if done % _TICK_EVERY == 0 or done == task.samples:
            counters.set(index, done)

    try:
        return task, render_shard(renderer_of(site, build), site.out, task, tick)
    except (InputError, RunError, OSError, MemoryError) as error:
        return task, Failure(str(error) or type(error).__name__)


def run_here(
    site: Site, build: str, tasks: Sequence[ShardTask], counters: Counters, workers: int
) -> Iterator[tuple[ShardTask, Record | Failure]]:
    """Make shards on this machine in `workers` processes; each result comes as it ends.

    A task is safe to run twice, and carries names, not pixels. A worker process that is killed
    raises RunError: shards that have their record are kept.
    """
    parallel = Parallel(
        n_jobs=min(workers, max(1, len(tasks))),
        return_as="generator_unordered",
        batch_size=1,
        pre_dispatch="all",
    )
    calls = (delayed(_make)(site, build, task, i, counters) for i, task in enumerate(tasks))
    try:
        yield from parallel(calls)
    except TerminatedWorkerError:
        raise RunError(
            "a worker process",
            expected="it to end by itself",
            found="that it was killed (out of memory, or by a signal)",
            remedy="finished shards are kept; run the same command again, with fewer --workers "
            "if memory was short",
        ) from None
