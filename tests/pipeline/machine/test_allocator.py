"""pipeline/machine/allocator.py"""

import platform
import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from pipeline.machine.allocator import keep_freed_memory
kept = keep_freed_memory() if sys.argv[1] == "keep" else False
for _ in range(3):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    b"x" * (64 << 20)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(kept, faults)
"""


def last_faults(how: str) -> tuple[bool, int]:
    """Whether memory is kept, and the page faults of 64 MiB taken for the third time."""
    command = [sys.executable, "-c", PROGRAM, how]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    kept, faults = result.stdout.split()
    return kept == "True", int(faults)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an allocator of its own")
def test_memory_that_was_freed_is_not_asked_of_the_system_again() -> None:
    kept, faults = last_faults("keep")
    assert not kept or faults < 1000
    assert last_faults("leave")[1] > 10_000
