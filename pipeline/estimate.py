"""What a build would take: samples, shards, bytes and time, from a measured handful."""

import dataclasses
import tempfile
import time
from pathlib import Path

import numpy as np

from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan, ShardTask
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.shard_maker import render_shard
from pipeline.rendering.site import site_of
from shards.base.cores import cores
from shards.base.keys import SPLITS
from shards.records.layout import carries_background

_HANDFUL = 32


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Bytes on disk and seconds of a build, extrapolated from `measured` samples."""

    bytes: int
    seconds: float
    workers: int
    measured: int

    def lines(self) -> list[str]:
        """The estimate for a person."""
        return [
            f"about {self.bytes / 1e6:,.1f} MB, headers and padding included",
            f"about {self.seconds:,.0f} s with {self.workers:,} "
            f"worker{'s' * (self.workers != 1)}, once sources are prepared "
            f"(measured on {self.measured} samples in one process)",
        ]


def estimate_build(plan: Plan, options: BuildOptions) -> Estimate:
    """Make a few samples and backgrounds in a temporary folder, and scale up; keeps nothing."""
    renderer = Renderer(plan, site_of(options))
    split = max(SPLITS, key=lambda name: plan.samples[name])
    count = min(_HANDFUL, plan.samples[split])
    total = sum(plan.samples.values())
    workers = options.workers or cores()
    with tempfile.TemporaryDirectory(prefix="depthmask-") as folder:
        name = f"{split}-000000.{plan.options['format']}"
        task = ShardTask(name=name, split=split, first=0, samples=count)
        render_shard(renderer, Path(folder), task, lambda done: None)
        begin = time.perf_counter()
        record = render_shard(renderer, Path(folder), task, lambda done: None)
        seconds = time.perf_counter() - begin
    apart = 0 if carries_background(plan.options) else len(plan.bg)
    looked_at = range(min(8, apart))
    stored = sum(len(renderer.stored_background(index).data) + 2048 for index in looked_at)
    if plan.layered:
        seconds += _passes_seconds(renderer, total) * count / total
    return Estimate(
        bytes=int(record.bytes / count * total + stored / max(1, len(looked_at)) * apart),
        seconds=seconds / count * total / workers,
        workers=workers,
        measured=count,
    )


def _passes_seconds(renderer: Renderer, samples: int) -> float:
    """What a teacher takes in one process to see every source of so many samples alone."""
    plan = renderer.plan
    most: int = plan.options["objects"][1]
    sources = (plan.fg, plan.bg, plan.distractors)
    passes = sum(min(samples * most, len(of_kind)) for of_kind in sources)
    width, height = plan.options["size"]
    begin = time.perf_counter()
    renderer.predict_alone(np.zeros((height, width, 3), np.uint8))
    return passes * (time.perf_counter() - begin)
