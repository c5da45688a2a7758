"""The table of engines: `--engine`, `--workers` and `--ray-address` to a function."""

import os
from collections.abc import Sequence
from functools import partial

from pipeline.execution.job import Engine, Job, Results, count_and_make, persist
from pipeline.execution.local import run_local
from pipeline.machine.counters import Counters
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import ShardTask
from shards.base.cores import cores


def engine_of(options: BuildOptions) -> Engine:
    """The engine that options ask for; InputError where it is not to be had."""
    if options.engine == "ray":
        from pipeline.execution.ray_cluster import import_ray, run_on_ray

        import_ray()
        address = options.ray_address or os.environ.get("RAY_ADDRESS", "local")
        return partial(run_on_ray, address=address, workers=options.workers or cores())
    return local_engine(options.workers)


def local_engine(workers: int | None) -> Engine:
    """An engine on this machine; without a number one process a core."""
    if workers == 1:
        return run_here
    return partial(run_local, workers=workers or cores())


def run_here(job: Job, tasks: Sequence[ShardTask], counters: Counters) -> Results:
    """Make shards in this process: nothing to start, and a debugger sees everything."""
    for index, task in enumerate(tasks):
        yield task, persist(partial(count_and_make, job, task, index, counters))
