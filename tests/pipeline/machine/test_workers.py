"""pipeline/machine/workers.py: what comes of calls whose process dies"""

import os
import signal

import pytest
from joblib import delayed

from pipeline.machine.workers import results_of
from shards.base.errors import RunError


def die(number: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_is_said() -> None:
    with (
        pytest.raises(RunError, match=r"^a worker process: .* found that it was killed"),
        results_of((delayed(die)(number) for number in range(2)), workers=2) as results,
    ):
        list(results)
