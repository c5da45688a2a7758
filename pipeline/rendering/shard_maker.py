"""A shard's worth of samples, made into a file with its record, and who makes it here."""

import functools
from collections.abc import Callable
from pathlib import Path

from pipeline.machine.counters import Done
from pipeline.planning.plan import Plan, ShardTask
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import Site
from shards.base.errors import RunError
from shards.base.keys import BACKGROUND
from shards.base.retrying import retry_passing
from shards.places.place import Place
from shards.records.manifest import PLAN, Record, read_plan
from shards.writing.encoding import Encoding
from shards.writing.shard_writer import ShardWriter, payload_bound


def render_shard(
    renderer: Renderer, folder: Path, task: ShardTask, tick: Callable[[Done], None]
) -> Record:
    """Make one shard in `folder` and commit it; `tick(done so far)` is called as it grows."""
    plan, maps_before = renderer.plan, renderer.maps
    capacity = payload_bound(task.split, task.samples, plan.options["size"])
    positions = range(task.first, task.first + task.samples)
    with ShardWriter(
        folder,
        task.name,
        split=task.split,
        build=plan.build,
        encoding=Encoding.of(plan.options),
        capacity=capacity,
        versions=renderer.other_versions,
    ) as writer:
        if task.split == BACKGROUND:
            for position in positions:
                stored = renderer.stored_background(position)
                writer.add_background(position, stored, renderer.background_info(position))
        else:
            for done, sample in enumerate(renderer.samples(task.split, positions), 1):
                writer.add(sample)
                tick(Done(done, renderer.maps - maps_before, writer.payload))
        return writer.commit()


def renderer_of(site: Site, build: str) -> Renderer:
    """This process's renderer for a build, made from plan.json: tasks carry no plan with them."""
    path = site.out / PLAN
    about = retry_passing(path, path.stat)
    return _renderer(site, build, (about.st_ino, about.st_mtime_ns, about.st_size))


@functools.lru_cache(maxsize=1)
def _renderer(site: Site, build: str, stamp: tuple[int, int, int]) -> Renderer:
    """The renderer for the plan.json with this `stamp`: a build id does not include versions."""
    plan = Plan(read_plan(site.out))
    if plan.build != build:
        raise RunError(
            str(site.out / PLAN),
            expected=f"build {build[:12]}",
            found=f"build {plan.build[:12]}",
            remedy="run the same command again",
        )
    return Renderer(plan, site)


def make_in(
    place: Place, renderer: Renderer, task: ShardTask, tick: Callable[[Done], None]
) -> Record:
    """Make a shard and have it where the data set is stored: shard, then record."""
    with place.shard_folder() as folder:
        record = render_shard(renderer, folder, task, tick)
        place.publish_shard(folder, record)
    return record
