"""`build_dataset`: check, plan, make the shards that are missing, write the manifest."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.devices import require_device
from pipeline.engines.job import Engine
from pipeline.engines.table import engine_of
from pipeline.folder import (
    committed_records,
    empty_folder,
    is_begun,
    known_sizes,
    log_event,
    refuse_foreign_folder,
    take_folder,
)
from pipeline.layering import FOLDER, forget_maps
from pipeline.lock import builder_lock
from pipeline.options import BuildOptions
from pipeline.parts import parse_part
from pipeline.plan import Plan, ShardTask, make_plan
from pipeline.production import make_shards, names_of, truthful
from pipeline.render import Site
from pipeline.roles import require_roles
from pipeline.sources import Role, Skipped, Source, check_sources
from pipeline.staging import put_manifest, refresh, staged_folder
from pipeline.teachers.table import weights_place
from pipeline.versions import versions_for, versions_in_use
from pipeline.watcher import SilentWatcher, Watcher
from shards.depth import DepthCoding
from shards.errors import InputError
from shards.manifest import Record, make_manifest, read_plan, write_manifest
from shards.mixture import mixed_shards
from shards.options import identity_of
from shards.outputs import require_folder
from shards.patience import persevere
from shards.remote import url_of
from shards.scratch import remove_abandoned

if TYPE_CHECKING:
    from pipeline.teachers import TeacherCard


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


def build_dataset(options: BuildOptions, watcher: Watcher | None = None) -> BuildResult:
    """Build a data set, or finish one; the same options again go on where it stopped.

    With `part` only that part's shards; whoever sees all of them writes dataset.json.
    InputError (nothing written) for wrong options, sources or folder; RunError with what is kept
    where shards could not be made.
    """
    watch = watcher or SilentWatcher()
    require_device(options.device, here=options.engine == "local")
    if url_of(options.out) is None:
        require_folder(options.out)
    out = staged_folder(options)
    place, options = options.out, dataclasses.replace(options, out=out)
    part = None if options.part is None else parse_part(options.part, os.environ)
    persevere(out, lambda: refuse_foreign_folder(out))
    plan, skipped = plan_build(options, watch)
    engine = engine_of(options)
    tasks = plan.tasks() if part is None else part.of(plan.tasks())
    with truthful(out, tasks):
        out.mkdir(parents=True, exist_ok=True)
        with builder_lock(out, part):
            if options.overwrite:
                empty_folder(out)
            plan = take_folder(out, plan, None if part is None else names_of(tasks))
            kept = committed_records(out, plan, tasks)
            missing = [task for task in tasks if task.name not in kept]
            watch.planned(plan, skipped, tasks, len(missing))
            made = _make_missing(options, plan, tasks, missing, engine, watch)
            if part is None:
                records = [*kept.values(), *made]
            else:
                refresh(out)
                records = list(committed_records(out, plan).values())
            digest = _complete(out, plan, records)
    return BuildResult(
        out=place,
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
    )


def _make_missing(
    options: BuildOptions,
    plan: Plan,
    tasks: list[ShardTask],
    missing: list[ShardTask],
    engine: Engine,
    watch: Watcher,
) -> list[Record]:
    remove_abandoned()
    if not missing:
        return []
    site = site_of(options)
    log_event(
        site.out,
        event="build",
        fg=str(site.fg),
        bg=str(site.bg),
        versions=versions_for(plan.document, options.device),
        missing=len(missing),
        depth_weights=site.depth_weights and str(site.depth_weights),
    )
    return make_shards(site, plan.build, tasks, missing, engine, watch)


def _complete(out: Path, plan: Plan, records: list[Record]) -> str | None:
    """Write dataset.json if no shard is missing; the digest it has then."""
    if len(records) < len(plan.tasks()):
        return None
    forget_maps(out)
    manifest = make_manifest(plan.document, records)
    write_manifest(out, manifest)
    put_manifest(out)
    log_event(out, event="complete", digest=manifest["digest"])
    digest: str = manifest["digest"]
    return digest


def site_of(options: BuildOptions) -> Site:
    """Where a build happens."""
    return Site(
        out=options.out.resolve(),
        fg=options.fg.resolve(),
        bg=options.bg.resolve(),
        device=options.device,
        depth_weights=weights_place(options.depth_model, options.depth_weights),
        layers=options.out.resolve() / FOLDER,
        allow_mixed=options.allow_mixed,
    )


def plan_build(options: BuildOptions, watch: Watcher) -> tuple[Plan, list[Skipped]]:
    """The plan of a build and the files left out, from sources checked now; writes nothing."""
    require_roles(options.fg, options.bg, options.out, watch.remark)
    heif: set[Role] = set()
    fg, fg_skipped = _check(options.fg, "fg", options.out, watch, heif)
    bg, bg_skipped = _check(options.bg, "bg", options.out, watch, heif)
    skipped = fg_skipped + bg_skipped
    if options.strict and skipped:
        raise InputError(
            skipped[0].path,
            expected="every file to be usable (--strict)",
            found=f"{skipped[0].reason} ({len(skipped)} such files in all)",
            remedy="take these files out, or leave --strict away to go on without them",
        )
    card = _card(options)
    versions = _versions(options, card, heif=bool(heif))

    def plan_with(depth: DepthCoding | None) -> Plan:
        return make_plan(
            options=identity_of(options) | {"depth_model": card.name if card else "none"},
            fg=fg,
            bg=bg,
            skipped=skipped,
            teacher=card.to_json() if card else None,
            depth=depth,
            versions=versions,
        )

    return plan_with(_coding(card, options, plan_with) if card else None), skipped


def _check(
    root: Path, role: Role, out: Path, watch: Watcher, heif: set[Role]
) -> tuple[list[Source], list[Skipped]]:
    sources, skipped = check_sources(
        root,
        role,
        lambda done, total: watch.checking(role, done, total),
        lambda name, words: watch.remark(role, name, words),
        known_sizes(out, role),
        out,
        lambda: heif.add(role),
    )
    return sources, [Skipped(f"{role}/{entry.path}", entry.reason) for entry in skipped]


def _card(options: BuildOptions) -> "TeacherCard | None":
    if options.depth_model == "none":
        return None
    from pipeline.teachers import describe_choice, planned_choice

    facts = identity_of(options)
    return describe_choice(planned_choice(facts, options.depth_weights, options.device))


def _versions(options: BuildOptions, card: "TeacherCard | None", *, heif: bool) -> dict[str, str]:
    """The versions here; those of the data set that stands in `out` where they may differ."""
    if options.allow_mixed and not options.overwrite and is_begun(options.out):
        standing: dict[str, str] = read_plan(options.out)["versions"]
        return standing
    teacher = card.name if card else None
    return versions_in_use(teacher=teacher, device=options.device, heif=heif)


def _coding(
    card: "TeacherCard", options: BuildOptions, plan_with: Callable[[None], Plan]
) -> DepthCoding:
    """What depth codes mean: over the range that the teacher declares, else a calibrated one."""
    limits = card.range
    if limits is None:
        from pipeline.calibration import calibrate, standing_coding

        plan = plan_with(None)
        standing = standing_coding(options.out, plan)
        if standing is not None:
            return standing
        limits = calibrate(plan, site_of(options))
    side = options.size
    if options.depth_size == "native":
        side = min(*card.output_size, options.size)
    return DepthCoding.over_range(
        *limits, kind=card.kind, unit=card.unit, bits=options.depth_bits, size=side
    )
