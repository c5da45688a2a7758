"""What does not go with the pixels: planning, starting, memory, and growth."""

import subprocess
import sys
import time
import tracemalloc
from collections.abc import Iterator

from build_usage import usage_of
from speed_material import SIZE, Material
from speed_row import Pair

from pipeline.planning.plan import Plan

_SCENES = 2000
_GROWN_SIZE = 64
"""Side of the samples of long builds: the kind of growth does not depend on it."""


def planning(material: Material) -> Iterator[dict[str, Pair]]:
    """Milliseconds and memory of a plan of 10^12 samples, against one of 10^6; a scene's cost."""
    small = material.renderer().plan.document
    each = len(small["sources"]["fg"]) * len(small["sources"]["bg"]) * 2
    documents = [
        small | {"options": small["options"] | {"samples": None, "placements": count}}
        for count in (max(1, 10**6 // each), -(-(10**12) // each))
    ]
    while True:
        (less, few), (more, many) = (_plan(document) for document in documents)
        plan = Plan(documents[1])
        begin = time.perf_counter()
        for number in range(_SCENES):
            plan.scene("train", number * 400_000_007 % plan.cells("train"))
        scene = (time.perf_counter() - begin) / _SCENES * 1e6
        yield {"plan-time": (more, less), "plan-memory": (many, few), "scene": (scene, 0)}


def _plan(document: dict[str, object]) -> Pair:
    """Milliseconds to make a plan, and the most memory it took, in kB."""
    begin = time.perf_counter()
    Plan(document)
    milliseconds = (time.perf_counter() - begin) * 1e3
    tracemalloc.start()
    Plan(document)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return milliseconds, peak / 1e3


def starting(material: Material) -> Iterator[dict[str, Pair]]:
    """Seconds of `depthmask --help` and of a Python that does nothing."""
    while True:
        yield {"help": (_seconds("-m", "depthmask", "--help"), _seconds("-c", "pass"))}


def _seconds(*arguments: str) -> float:
    begin = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def growth(material: Material) -> Iterator[dict[str, Pair]]:
    """Peak memory and processor time of builds of 2,000 to 100,000 samples, each on its own."""
    while True:
        found = {
            count: usage_of(material, f"grown-{count}", _GROWN_SIZE, count)
            for count in (2000, 5000, 20_000, 100_000)
        }

        def marginal(few: int, many: int, found: dict[int, dict[str, float]] = found) -> float:
            seconds = found[many]["processor"] - found[few]["processor"]
            return seconds / (many - few) * 1e6

        yield {
            "marginal": (marginal(5000, 100_000), marginal(5000, 20_000)),
            "memory-parent": (found[100_000]["parent_mb"], found[2000]["parent_mb"]),
            "memory-worker": (found[100_000]["worker_mb"], found[2000]["worker_mb"]),
        }


def worker_memory(material: Material) -> Iterator[dict[str, Pair]]:
    """Peak memory of a worker without teacher, its caches filled."""
    while True:
        found = usage_of(material, "grown", SIZE, 5000)
        yield {"worker-megabytes": (found["worker_mb"], 0)}
