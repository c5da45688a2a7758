"""Calls spread over this machine's cores, their results in order, for work that may stop early."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from joblib import Parallel
from joblib.externals.loky.process_executor import BrokenProcessPool

from pipeline.machine.hangup import block_hangup
from pipeline.machine.quiet import QUIET
from shards.base.cores import cores
from shards.base.errors import RunError


@contextmanager
def results_of(
    calls: Iterable[Any],
    workers: int | None,
    prefer: Literal["processes", "threads"] = "processes",
) -> Iterator[Iterator[Any]]:
    """The results of joblib's delayed `calls`, in order, from `workers` (one a core by default).

    Leaving the `with` block stops what is still running, whatever the reason.
    """
    run = Parallel(n_jobs=workers or cores(), return_as="generator", batch_size=1, prefer=prefer)
    with block_hangup():
        results = run(calls)
    try:
        yield results
    except BrokenProcessPool:
        raise RunError(
            "a worker process",
            expected="one at work",
            found="that it was killed (out of memory, or by a signal)",
            remedy="what is finished is kept; run the same command again, with fewer --workers "
            "where memory is short",
        ) from None
    finally:
        with QUIET:  # joblib warns that calls were cancelled: it is meant
            results.close()
