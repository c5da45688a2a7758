"""`build_dataset`: check, plan, make the shards that are missing, write the manifest."""

import dataclasses
import os
import shutil
import socket
from contextlib import closing
from pathlib import Path
from typing import Any

from pipeline.counters import Counters
from pipeline.engines import Failure, run_here
from pipeline.folder import committed_records, log_event, refuse_foreign_folder, take_folder
from pipeline.options import BuildOptions
from pipeline.plan import Plan, ShardTask, make_plan
from pipeline.render import Site
from pipeline.sources import Skipped, Source, check_sources
from pipeline.versions import versions_in_use
from pipeline.watcher import SilentWatcher, Watcher
from shards.depth import DepthCoding
from shards.errors import InputError, RunError
from shards.keys import BACKGROUND
from shards.manifest import Record, make_manifest, write_manifest
from shards.options import identity_of


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class BuildResult:
    """What a build left in its folder."""

    out: Path
    digest: str
    samples: dict[str, int]
    shards_made: int
    shards_kept: int
    clipped: int
    skipped: tuple[Skipped, ...]


def build_dataset(options: BuildOptions, watcher: Watcher | None = None) -> BuildResult:
    """Build a data set, or finish one; the same options again go on where it stopped.

    InputError (nothing written) for wrong options, sources or folder; RunError with what is kept
    where shards could not be made.
    """
    watch = watcher or SilentWatcher()
    refuse_foreign_folder(options.out)
    plan, skipped = plan_build(options, watch)
    if options.overwrite and options.out.exists():
        shutil.rmtree(options.out)
    take_folder(options.out, plan)
    kept = committed_records(options.out, plan)
    missing = [task for task in plan.tasks() if task.name not in kept]
    watch.planned(plan, skipped, len(missing))
    made = _make_shards(options, plan, missing, watch)
    records = [*kept.values(), *made]
    manifest = make_manifest(plan.document, records)
    write_manifest(options.out, manifest)
    log_event(options.out, event="complete", digest=manifest["digest"])
    return BuildResult(
        out=options.out,
        digest=manifest["digest"],
        samples=plan.samples,
        shards_made=len(made),
        shards_kept=len(kept),
        clipped=sum(record.clipped for record in records),
        skipped=tuple(skipped),
    )


def plan_build(options: BuildOptions, watch: Watcher) -> tuple[Plan, list[Skipped]]:
    """The plan of a build and the files left out, from sources checked now; writes nothing."""
    fg, fg_skipped = _check(options.fg, "fg", watch)
    bg, bg_skipped = _check(options.bg, "bg", watch)
    skipped = fg_skipped + bg_skipped
    if options.strict and skipped:
        raise InputError(
            skipped[0].path,
            expected="every file to be usable (--strict)",
            found=f"{skipped[0].reason} ({len(skipped)} such files in all)",
            remedy="take these files out, or leave --strict away to go on without them",
        )
    teacher, depth = _teacher_facts(options)
    plan = make_plan(
        options=identity_of(options),
        fg=fg,
        bg=bg,
        skipped=skipped,
        teacher=teacher,
        depth=depth,
        versions=versions_in_use(with_teacher=teacher is not None, device=options.device),
    )
    return plan, skipped


def _check(root: Path, role: Any, watch: Watcher) -> tuple[list[Source], list[Skipped]]:
    sources, skipped = check_sources(
        root, role, lambda done, total: watch.checking(role, done, total)
    )
    return sources, [Skipped(f"{role}/{entry.path}", entry.reason) for entry in skipped]


def _teacher_facts(options: BuildOptions) -> tuple[dict[str, Any] | None, DepthCoding | None]:
    if options.depth_model == "none":
        return None, None
    from pipeline.teachers import describe_teacher

    card = describe_teacher(options.depth_model, canvas=options.size, weights=options.depth_weights)
    size = options.size if options.depth_size == "full" else min(card.output_size, options.size)
    coding = DepthCoding.over_range(
        card.low, card.high, kind=card.kind, unit=card.unit, bits=options.depth_bits, size=size
    )
    facts = {
        "name": card.name,
        "weights_sha256": card.weights_sha256,
        "input_size": card.input_size,
    }
    return facts, coding


def _make_shards(
    options: BuildOptions, plan: Plan, missing: list[ShardTask], watch: Watcher
) -> list[Record]:
    if not missing:
        return []
    log_event(
        options.out,
        event="build",
        host=socket.gethostname(),
        fg=str(options.fg.resolve()),
        bg=str(options.bg.resolve()),
        versions=plan.document["versions"],
        missing=len(missing),
    )
    site = Site(
        out=options.out.resolve(),
        fg=options.fg.resolve(),
        bg=options.bg.resolve(),
        device=options.device,
        depth_weights=options.depth_weights,
    )
    workers = options.workers or os.cpu_count() or 1
    counters = Counters(len(missing))
    watch.building(sum(t.samples for t in missing if t.split != BACKGROUND), counters)
    made: list[Record] = []
    failed: list[tuple[ShardTask, Failure]] = []
    results = run_here(site, plan.build, missing, counters, workers)
    try:
        with closing(results):  # type: ignore[type-var]
            for task, outcome in results:
                if isinstance(outcome, Failure):
                    failed.append((task, outcome))
                else:
                    made.append(outcome)
                    log_event(options.out, event="shard", name=task.name)
    finally:
        watch.finished()
        counters.remove()
    if failed:
        task, failure = failed[0]
        raise RunError(
            task.name,
            expected="a whole shard",
            found=f"{failure.reason} ({len(failed)} of {len(missing)} shards failed)",
            remedy="the other shards are kept; the same command goes on",
        )
    return made
