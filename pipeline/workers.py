"""Calls spread over this machine's cores, their results in order, for work that may stop early."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Literal

from joblib import Parallel

from pipeline.hangup import deaf_to_hangup
from pipeline.quiet import QUIET
from shards.cores import cores


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
    with deaf_to_hangup():
        results = run(calls)
    try:
        yield results
    finally:
        with QUIET:  # joblib warns that calls were cancelled: it is meant
            results.close()
