"""The engine of `--workers 1`: this process itself, one shard after the other."""

from collections.abc import Sequence
from functools import partial

from pipeline.counters import Counters
from pipeline.engines.job import Job, Results, count_and_make, persist
from pipeline.plan import ShardTask


def run_here(job: Job, tasks: Sequence[ShardTask], counters: Counters) -> Results:
    """Make shards in this process: nothing to start, and a debugger sees everything."""
    for index, task in enumerate(tasks):
        yield task, persist(partial(count_and_make, job, task, index, counters))
