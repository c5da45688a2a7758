"""From the options of a build to its plan: sources checked, teacher asked, range calibrated."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.output.folder import is_begun, known_parts
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan, make_plan
from pipeline.planning.scene_fields import OPENCV_BLENDS
from pipeline.rendering.site import site_of
from pipeline.rendering.versions import versions_in_use
from pipeline.rendering.watcher import Watcher
from pipeline.sources.check import check_sources
from pipeline.sources.decontaminate import require_pymatting
from pipeline.sources.examination import PLAIN, Cutting
from pipeline.sources.roles import require_roles, require_strangers
from pipeline.sources.source import Role, Skipped, Source
from shards.base.errors import InputError
from shards.base.options import identity_of
from shards.pixels.depth_coding import DepthCoding
from shards.records.manifest import read_plan

if TYPE_CHECKING:
    from pipeline.depth.teachers.card import TeacherCard


def plan_build(options: BuildOptions, watch: Watcher) -> tuple[Plan, list[Skipped]]:
    """The plan of a build and the files left out, from sources checked now; writes nothing."""
    if options.decontaminate:
        require_pymatting()
    require_roles(options.fg, options.bg, options.out, watch.remark, options.fg_alpha)
    heif: set[Role] = set()
    fg, fg_skipped = _check(options.fg, "fg", options, watch, heif)
    bg, bg_skipped = _check(options.bg, "bg", options, watch, heif)
    skipped = fg_skipped + bg_skipped
    distractors: list[Source] = []
    if options.distractors is not None:
        distractors, more = _check(options.distractors, "distractors", options, watch, heif)
        require_strangers(distractors, fg)
        skipped += more
    if options.strict and skipped:
        raise InputError(
            skipped[0].path,
            expected="every file to be usable (--strict)",
            found=f"{skipped[0].reason} ({len(skipped)} such files in all)",
            remedy="remove these files, or remove --strict to build without them",
        )
    card = _card(options)
    versions = _versions(options, card, heif=bool(heif))

    def plan_with(depth: DepthCoding | None) -> Plan:
        return make_plan(
            options=identity_of(options)
            | {"depth_model": card.name if card else "none", "distractors": bool(distractors)},
            fg=fg,
            bg=bg,
            distractors=distractors,
            skipped=skipped,
            teacher=card.to_json() if card else None,
            depth=depth,
            versions=versions,
        )

    return plan_with(_coding(card, options, plan_with) if card else None), skipped


def _check(
    root: Path, role: Role, options: BuildOptions, watch: Watcher, heif: set[Role]
) -> tuple[list[Source], list[Skipped]]:
    sources, skipped = check_sources(
        root,
        role,
        lambda done, total: watch.checking(role, done, total),
        lambda name, words: watch.remark(role, name, words),
        known_parts(options.out, role, options.split_objects),
        options.out,
        lambda: heif.add(role),
        PLAIN
        if role == "distractors"
        else Cutting(
            alpha=options.fg_alpha,
            split_objects=options.split_objects,
            category=options.category,
        ),
    )
    return sources, [Skipped(f"{role}/{entry.path}", entry.reason) for entry in skipped]


def _card(options: BuildOptions) -> "TeacherCard | None":
    if options.depth_model == "none":
        return None
    from pipeline.depth.teachers.table import describe_choice, planned_choice

    facts = identity_of(options)
    return describe_choice(planned_choice(facts, options.depth_weights, options.device))


def _versions(options: BuildOptions, card: "TeacherCard | None", *, heif: bool) -> dict[str, str]:
    """The versions here; those of the data set in `out` where they may differ."""
    if options.allow_mixed and not options.overwrite and is_begun(options.out):
        standing: dict[str, str] = read_plan(options.out)["versions"]
        return standing
    teacher = card.name if card else None
    return versions_in_use(
        teacher=teacher,
        device=options.device,
        heif=heif,
        decontaminate=options.decontaminate,
        opencv=options.blend in OPENCV_BLENDS,
    )


def _coding(
    card: "TeacherCard", options: BuildOptions, plan_with: Callable[[None], Plan]
) -> DepthCoding:
    """What depth codes mean: over the range that the teacher declares, else a calibrated one."""
    limits = card.range
    if limits is None:
        from pipeline.rendering.calibration import calibrate, standing_coding

        plan = plan_with(None)
        standing = standing_coding(options.out, plan)
        if standing is not None:
            return standing
        limits = calibrate(plan, site_of(options))
    width, height = options.size
    if options.depth_size == "native":
        rows, columns = card.output_size
        width, height = min(columns, width), min(rows, height)
    return DepthCoding.over_range(
        *limits, kind=card.kind, unit=card.unit, bits=options.depth_bits, size=(width, height)
    )
