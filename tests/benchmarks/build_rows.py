"""Builds against the codec floor, a notebook's script and the bare network: samples a second."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing

from codec_floor import Crew, floor_loop, forward_loop, hold_composites, hold_network
from notebook_script import NotebookScript
from speed_material import SIZE, Material
from speed_row import Pair

from pipeline.build import build_dataset
from pipeline.machine.counters import Counters
from pipeline.rendering.watcher import SilentWatcher

_POLL_SECONDS = 0.005


class SteadyClock(SilentWatcher):
    """Takes the rate of a build from its first `begun` samples to its last one.

    What does not grow with a build is left out: workers start, open every picture once, and end.
    """

    def __init__(self, begun: int) -> None:
        self._begun = begun
        self._marks: list[tuple[float, int]] = []
        self._over = threading.Event()

    def building(self, total: int, counters: Counters) -> None:
        """Look until enough is made."""
        self._total = total
        threading.Thread(target=self._look, args=(counters,), daemon=True).start()

    def _look(self, counters: Counters) -> None:
        while not self._over.wait(_POLL_SECONDS):
            made = counters.total().samples
            if made >= (self._total if self._marks else self._begun):
                self._marks.append((time.perf_counter(), made))
            if made == self._total:
                return

    def finished(self) -> None:
        """No more samples will come."""
        if len(self._marks) < 2:  # the last sample came since the last look
            self._marks.append((time.perf_counter(), self._total))
        self._over.set()

    def rate(self) -> float:
        """Samples a second."""
        (begin, made), (end, total) = self._marks
        return (total - made) / (end - begin)


def build_rate(material: Material, samples: int, begun: int, **changes: object) -> float:
    """Samples a second of a build in its stride."""
    clock = SteadyClock(begun)
    options = material.options("timed", samples, **changes)
    material.fresh("timed")
    build_dataset(options, clock)
    material.fresh("timed")
    return clock.rate()


def without_depth(material: Material) -> Iterator[dict[str, Pair]]:
    """Builds without depth: against the floor, the script, layered depth, and one worker."""
    with closing(Crew(material.workers, hold_composites, material, 500)) as crew:
        script = NotebookScript(material.fg, material.bg, SIZE)
        while True:
            ours = build_rate(material, 8000, 3000, samples_per_shard=250)
            floor = crew.rate(floor_loop, 4)
            notebook = script.rate(material.fresh("script"), 1000)
            yield {"build-floor": (ours, floor), "build-script": (ours, notebook)}


def with_one_worker(material: Material) -> Iterator[dict[str, Pair]]:
    """What a second worker gains, and what a second process gains the codec floor."""
    with (
        closing(Crew(1, hold_composites, material, 500)) as alone,
        closing(Crew(2, hold_composites, material, 500)) as pair,
    ):
        while True:
            two = build_rate(material, 8000, 2000, samples_per_shard=250, workers=2)
            one = build_rate(material, 4000, 1000, samples_per_shard=250, workers=1)
            floors = pair.rate(floor_loop, 4), alone.rate(floor_loop, 4)
            yield {"cores": (two, one), "cores-floor": floors}


def with_layers(material: Material) -> Iterator[dict[str, Pair]]:
    """Layered depth against none, and against the script with the same network."""
    script = NotebookScript(material.fg, material.bg, SIZE, depth=True)
    layered = {"depth_model": "densedepth-lite", "depth_mode": "layered"}
    while True:
        ours = build_rate(material, 8000, 3000, samples_per_shard=250, **layered)
        plain = build_rate(material, 8000, 3000, samples_per_shard=250)
        notebook = script.rate(material.fresh("script"), 100)
        yield {"layered-plain": (ours, plain), "layered-script": (ours, notebook)}


def with_teacher(material: Material) -> Iterator[dict[str, Pair]]:
    """Composite mode against the script with the same network, and against the network alone."""
    script = NotebookScript(material.fg, material.bg, SIZE, depth=True)
    with closing(Crew(material.workers, hold_network, material)) as crew:
        while True:
            ours = build_rate(
                material, 384, 128, samples_per_shard=16, depth_model="densedepth-lite"
            )
            bare = crew.rate(forward_loop, 6)
            notebook = script.rate(material.fresh("script"), 60)
            yield {"teacher-script": (ours, notebook), "teacher-forward": (ours, bare)}
