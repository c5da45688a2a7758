"""The table of engines: `--engine`, `--workers` and `--ray-address` to a function."""

import os
from functools import partial

from pipeline.engines.here import run_here
from pipeline.engines.job import Engine
from pipeline.engines.local import run_local
from pipeline.options import BuildOptions
from shards.cores import cores


def engine_of(options: BuildOptions) -> Engine:
    """The engine that options ask for; InputError where it is not to be had."""
    if options.engine == "ray":
        from pipeline.engines.cluster import import_ray, run_on_ray

        import_ray()
        address = options.ray_address or os.environ.get("RAY_ADDRESS", "local")
        return partial(run_on_ray, address=address, workers=options.workers or cores())
    return local_engine(options.workers)


def local_engine(workers: int | None) -> Engine:
    """An engine on this machine; without a number one process a core."""
    if workers == 1:
        return run_here
    return partial(run_local, workers=workers or cores())
