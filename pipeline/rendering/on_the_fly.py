"""A plan's samples drawn when they are asked for: what a build would store, without the build."""

import os
import threading
from functools import cached_property
from typing import Any

from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import Site, site_of
from pipeline.rendering.watcher import SilentWatcher, Watcher
from shards.base.keys import SPLITS
from shards.base.size import Size
from shards.pixels.moments import NOTHING, Moments, moments_of_bytes
from shards.reading.sample import Sample
from shards.reading.split_sequence import SplitSequence
from shards.records.categories import categories_of
from shards.records.stats import stats_of_sums
from shards.writing.encoding import Encoding, RawSample, encode_sample

MOMENTS = 1000
"""How many samples of a split its mean and std are taken from: a plan's order is a random one."""


class OnTheFlyDataset(SplitSequence):
    """The samples of a plan, train, then val, then test; `split(name)` gives one of them.

    Each is drawn and encoded as a build stores it, so what is decoded from it are the bytes of a
    shard. Depth alone may differ in its last bits: a build shows the teacher 16 composites at once.
    Any number of threads and processes may ask; each thread has sources, and a teacher, of its own.
    """

    def __init__(self, plan: Plan, site: Site) -> None:
        super().__init__(plan.samples)
        self.plan = plan
        width, height = plan.options["size"]
        self.size: Size = (width, height)
        self.depth = plan.depth
        self._encoding = Encoding.of(plan.options)
        self._renderers = _Renderers(plan, site)

    def _sample(self, split: str, position: int) -> Sample:
        (raw,) = self._renderers.own.samples(split, range(position, position + 1))
        return self._encoded(split, raw)

    def _encoded(self, split: str, raw: RawSample) -> Sample:
        fields = encode_sample(raw, self._encoding)
        stored = {"background.jpg": raw.background.data} | fields
        return Sample(
            split=split,
            position=raw.position,
            size=self.size,
            coding=None if raw.depth_codes is None else self.depth,
            fields=tuple(fields),
            get=stored.__getitem__,
        )

    @property
    def categories(self) -> dict[str, int]:
        """The ids of the objects' categories by name, from 1."""
        return categories_of(self.plan.document)

    @cached_property
    def _stats(self) -> dict[str, Any]:
        """Mean and std as in dataset.json, of pictures and masks, over each split's first 1,000."""
        sums: dict[str, dict[str, Moments]] = {split: {} for split in SPLITS}
        for split in SPLITS:
            for position in range(min(MOMENTS, self.plan.samples[split])):
                raw = self._renderers.own.composite(self.plan.scene(split, position))
                sample = self._encoded(split, raw)
                found = {
                    "image": moments_of_bytes(sample.image),
                    "mask": moments_of_bytes(sample.mask),
                    "background": raw.background.moments,
                }
                for field, moments in found.items():
                    sums[split][field] = sums[split].get(field, NOTHING) + moments
        return stats_of_sums(sums, {"image": 255, "mask": 255, "background": 255})


class _Renderers:
    """What evaluates a plan: one for each thread of each process, made when it is first needed.

    A forked process does not use its parent's: a teacher's threads are not forked with it.
    """

    def __init__(self, plan: Plan, site: Site) -> None:
        self._plan, self._site = plan, site
        self._of_thread = threading.local()

    def __reduce__(self) -> tuple[type["_Renderers"], tuple[Plan, Site]]:
        return _Renderers, (self._plan, self._site)

    @property
    def own(self) -> Renderer:
        """That of the thread that asks."""
        process, renderer = getattr(self._of_thread, "made", (None, None))
        if renderer is None or process != os.getpid():
            renderer = Renderer(self._plan, self._site)
            self._of_thread.made = os.getpid(), renderer
        return renderer


def open_on_the_fly(options: BuildOptions, watcher: Watcher | None = None) -> OnTheFlyDataset:
    """The data set that a build with these options would make; nothing is written.

    InputError for wrong options or sources.
    """
    watch = watcher or SilentWatcher()
    plan, skipped = plan_build(options, watch)
    tasks = plan.tasks()
    watch.planned(plan, skipped, tasks, len(tasks))
    return OnTheFlyDataset(plan, site_of(options))
