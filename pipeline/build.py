"""`build_dataset`: check, plan, make the shards that are missing, write the manifest."""

import dataclasses
import os
from pathlib import Path

from pipeline.checking.omissions import Omission, count_omissions
from pipeline.depth.layer_cache import forget_maps, layers_folder
from pipeline.execution.engines import engine_of
from pipeline.execution.job import Engine, Job
from pipeline.execution.production import make_shards, names_of, saying_what_is_kept
from pipeline.machine.devices import require_device
from pipeline.output.event_log import log_event
from pipeline.output.folder import (
    committed_records,
    empty_folder,
    refuse_foreign_folder,
    take_folder,
)
from pipeline.output.lock import builder_lock
from pipeline.planning.options import BuildOptions
from pipeline.planning.parts import parse_part
from pipeline.planning.plan import Plan, ShardTask
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.site import site_of
from pipeline.rendering.versions import versions_for
from pipeline.rendering.watcher import SilentWatcher, Watcher
from pipeline.sources.source import Skipped
from shards.base.retrying import retry_passing
from shards.base.scratch import remove_abandoned
from shards.places.place import Place
from shards.reading.dataset import Dataset
from shards.records.manifest import Record, make_manifest, write_manifest
from shards.records.mixture import mixed_shards


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BuildResult:
    """What a build left in its folder; no digest as long as shards are missing (`--part`).

    Of a part `samples`, `shards_made` and `shards_kept` are its own; `shards_missing` and `clipped`
    are those of the whole set as far as it is made.
    """

    out: Path
    digest: str | None
    samples: dict[str, int]
    shards_made: int
    shards_kept: int
    shards_missing: int
    clipped: int
    skipped: tuple[Skipped, ...]
    versions: dict[str, str]
    """Those of plan.json."""
    mixed: dict[str, dict[str, str]]
    """Shards that were made under other versions, with these."""
    omissions: tuple[Omission, ...]
    """Objects that found no place, by split, over some samples; none of a set that is no folder."""


def build_dataset(options: BuildOptions, watcher: Watcher | None = None) -> BuildResult:
    """Build a data set, or finish one: the same options resume a build that stopped.

    With `part` only that part's shards; whoever sees all of them writes dataset.json.
    InputError (nothing written) for wrong options, sources or folder; RunError with what is kept
    where shards could not be made.
    """
    watch = watcher or SilentWatcher()
    require_device(options.device, here=options.engine == "local")
    asked, place = options.out, options.place
    place.require_writable()
    place.refresh()
    out, options = place.folder, dataclasses.replace(options, out=place.folder)
    part = None if options.part is None else parse_part(options.part, os.environ)
    if place.keeps_shards:
        retry_passing(out, lambda: refuse_foreign_folder(out))
    plan, skipped = plan_build(options, watch)
    engine = engine_of(options)
    tasks = plan.tasks() if part is None else part.of(plan.tasks())
    with saying_what_is_kept(place, tasks):
        out.mkdir(parents=True, exist_ok=True)
        with builder_lock(out, part):
            if options.overwrite:
                empty_folder(out)
            plan = take_folder(out, plan, None if part is None else names_of(tasks))
            kept = committed_records(place, plan, tasks)
            missing = [task for task in tasks if task.name not in kept]
            watch.planned(plan, skipped, tasks, len(missing))
            made = _make_missing(options, place, plan, tasks, missing, engine, watch)
            if part is None:
                records = [*kept.values(), *made]
            else:
                place.refresh()
                records = list(committed_records(place, plan).values())
            digest = _complete(place, plan, records)
            omissions = () if digest is None else _omissions(place, plan)
    return BuildResult(
        out=asked,
        digest=digest,
        samples={
            split: sum(task.samples for task in tasks if task.split == split)
            for split in plan.samples
        },
        shards_made=len(made),
        shards_kept=len(kept),
        shards_missing=len(plan.tasks()) - len(records),
        clipped=sum(record.clipped for record in records),
        skipped=tuple(skipped),
        versions=plan.document["versions"],
        mixed=mixed_shards(record.entry() for record in records),
        omissions=omissions,
    )


def _make_missing(
    options: BuildOptions,
    place: Place,
    plan: Plan,
    tasks: list[ShardTask],
    missing: list[ShardTask],
    engine: Engine,
    watch: Watcher,
) -> list[Record]:
    remove_abandoned()
    if not missing:
        return []
    folder = layers_folder(options.out.resolve(), plan.build)
    site = dataclasses.replace(site_of(options), layers=folder)
    log_event(
        site.out,
        event="build",
        fg=str(site.fg),
        bg=str(site.bg),
        fg_alpha=site.fg_alpha and str(site.fg_alpha),
        distractors=site.distractors and str(site.distractors),
        versions=versions_for(plan.document, options.device),
        missing=len(missing),
        depth_weights=site.depth_weights and str(site.depth_weights),
    )
    job = Job(place=place.resolve(), site=site, build=plan.build)
    return make_shards(job, tasks, missing, engine, watch)


def _complete(place: Place, plan: Plan, records: list[Record]) -> str | None:
    """Write dataset.json if no shard is missing; the digest it has then."""
    if len(records) < len(plan.tasks()):
        return None
    forget_maps(place.folder)
    manifest = make_manifest(plan.document, records)
    write_manifest(place.folder, manifest)
    place.publish_manifest()
    log_event(place.folder, event="complete", digest=manifest["digest"])
    digest: str = manifest["digest"]
    return digest


def _omissions(place: Place, plan: Plan) -> tuple[Omission, ...]:
    """Which objects found no place, where scenes have several and the shards are at hand."""
    if plan.options["objects"][1] < 2 or not place.keeps_shards:  # a lone object always has one
        return ()
    dataset = Dataset(place)
    try:
        return count_omissions(plan, dataset)
    finally:
        dataset.close()
