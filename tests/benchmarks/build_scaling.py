"""How memory and time of a build grow with its samples, and how long a complete one takes to go on.

    python tests/benchmarks/build_scaling.py [--counts 2000 5000 20000 100000] [--workers 2]
        [--depth-model densedepth-lite] [--per-shard 1000] [--shards 1000]

Each build runs in a process of its own. Memory is the largest resident set that the system saw:
of the parent, and of the largest worker. Time is wall time, and processor time of all processes.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "kit"))

import itertools

from small import draw_background, draw_foreground

from pipeline.build import build_dataset
from pipeline.planning.options import BuildOptions


def draw_sources(root: Path) -> None:
    """Eight foregrounds and ten backgrounds."""
    for role, count, draw in (("fg", 8, draw_foreground), ("bg", 10, draw_background)):
        (root / role).mkdir()
        for seed in range(count):
            draw(seed).save(root / role / f"{role}{seed}.png")


def measure_build(
    root: Path, depth_model: str, samples: int, per_shard: int, workers: int
) -> dict[str, float]:
    """Build here and now: seconds, processor seconds, peak memory in MB."""
    options = BuildOptions(
        fg=root / "fg",
        bg=root / "bg",
        out=root / f"shards-{samples}-{per_shard}",
        size=64,
        samples=samples,
        samples_per_shard=per_shard,
        placements=10_000,
        depth_model=depth_model,
        workers=workers,
    )
    begin = time.perf_counter()
    result = build_dataset(options)
    seconds = time.perf_counter() - begin
    mine = resource.getrusage(resource.RUSAGE_SELF)
    workers_ = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "samples": samples,
        "made": result.shards_made,
        "kept": result.shards_kept,
        "seconds": seconds,
        "processor": sum(u.ru_utime + u.ru_stime for u in (mine, workers_)),
        "parent_mb": mine.ru_maxrss / 1024,
        "worker_mb": workers_.ru_maxrss / 1024,
    }


def measure_apart(*arguments: object) -> dict[str, float]:
    """`measure_build` in a fresh process."""
    command = [sys.executable, __file__, "--measure", *(str(part) for part in arguments)]
    result = subprocess.run(command, check=True, capture_output=True, text=True)
    facts: dict[str, float] = json.loads(result.stdout)
    return facts


def show(facts: dict[str, float]) -> None:
    """One line of the table."""
    print(
        f"{facts['samples']:>9,.0f} {facts['made']:>6.0f} {facts['kept']:>6.0f} "
        f"{facts['seconds']:>9.2f} {facts['processor']:>9.2f} "
        f"{facts['parent_mb']:>8.1f} {facts['worker_mb']:>8.1f}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--counts", type=int, nargs="+", default=[2000, 5000, 20_000, 100_000])
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--depth-model", default="none")
    parser.add_argument("--per-shard", type=int, default=1000)
    parser.add_argument("--shards", type=int, default=1000, help="of the build gone on with; or 0")
    parser.add_argument("--measure", nargs=5, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        root, depth_model, *numbers = options.measure
        print(json.dumps(measure_build(Path(root), depth_model, *map(int, numbers))))
        return
    with tempfile.TemporaryDirectory(prefix="depthmask-benchmark-") as folder:
        draw_sources(Path(folder))
        print("  samples   made   kept   seconds processor parent/MB worker/MB")
        runs = []
        for count in options.counts:
            runs.append(
                measure_apart(
                    folder, options.depth_model, count, options.per_shard, options.workers
                )
            )
            show(runs[-1])
        for a, b in itertools.pairwise(runs):
            more = b["samples"] - a["samples"]
            wall = (b["seconds"] - a["seconds"]) / more * 1e6
            processor = (b["processor"] - a["processor"]) / more * 1e6
            print(
                f"from {a['samples']:,.0f} to {b['samples']:,.0f}: "
                f"{wall:.0f} us of wall time and {processor:.0f} us of processor time a sample"
            )
        if options.shards:
            print(f"a complete build of {options.shards} shards, made, then twice gone on with:")
        for _ in range(3 if options.shards else 0):
            show(measure_apart(folder, "none", options.shards * 4, 4, options.workers))


if __name__ == "__main__":
    main()
