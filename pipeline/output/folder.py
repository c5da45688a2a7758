"""The folder of a data set: whose it is, what is in it already, and how it grows."""

import os
import shutil
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from pipeline.output.lock import is_lock
from pipeline.planning.plan import Plan, ShardTask, require_planned
from pipeline.sources.examination import Contents, KnownParts
from pipeline.sources.source import Source
from shards.base.errors import InputError
from shards.base.files import TEMPORARY_SUFFIX, remove_temporaries
from shards.base.keys import counts_in_words, record_name
from shards.base.names import is_left_by_system
from shards.base.retrying import retry_passing
from shards.base.version import __version__
from shards.places.place import Place
from shards.records.card import CARD, is_free
from shards.records.manifest import (
    PLAN,
    Record,
    read_plan,
    read_record,
    replace_plan,
    write_plan,
)

SET_ASIDE = "set-aside"
"""Where `verify --repair` moves files that look like shards but are not; nothing deletes them."""


def refuse_foreign_folder(out: Path) -> None:
    """InputError where `out` is neither absent, nor empty, nor a data set of ours."""
    if not out.exists() or (out / PLAN).exists():
        return
    if out.is_dir() and all(_is_ours(path.name) for path in out.iterdir()):
        return
    raise InputError(
        f"--out {out}",
        expected="a new or empty folder, or a depthmask data set",
        found="a folder that holds something else" if out.is_dir() else "a file",
        remedy="name another folder",
    )


def _is_ours(name: str) -> bool:
    """Whether a build may begin beside a file: left by a build that was killed before it wrote
    plan.json, kept on purpose (a README.md, files set aside), or left by the system.
    """
    return (
        name in (CARD, SET_ASIDE)
        or is_left_by_system(name)
        or is_lock(name)
        or (name.startswith(f".{PLAN}.") and name.endswith(TEMPORARY_SUFFIX))
    )


def empty_folder(out: Path) -> None:
    """Delete a data set, except the caller's lock, files set aside and somebody's own README.md.

    plan.json goes last: if this is killed halfway, the folder is still recognised as a data set
    and can be overwritten again.
    """
    paths = [path for path in out.iterdir() if not _is_kept(path)]
    for path in sorted(paths, key=lambda path: path.name == PLAN):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _is_kept(path: Path) -> bool:
    if path.name == CARD:
        return path.is_file() and not is_free(path.read_bytes())
    return is_lock(path.name) or path.name == SET_ASIDE


def take_folder(out: Path, plan: Plan, writes: Collection[str] | None = None) -> Plan:
    """Write plan.json or resume from the existing one; returns the plan in force.

    The existing plan may have fewer samples; its list of skipped files is kept. Temporary files
    of killed builds are deleted: all of them, or only those of the files in `writes` where other
    processes write to the same folder.
    """
    remove_temporaries(out, writes)
    if not (out / PLAN).exists() and write_plan(out, plan.document):
        return plan
    standing = read_plan(out)
    require_planned(standing)
    differing = differences(standing, plan.document)
    if differing:
        raise InputError(
            f"--out {out}",
            expected="the data set that was begun here",
            found="a difference in " + ", ".join(differing),
            remedy="install these versions, or add --allow-mixed: each shard then names its own"
            if len(differing) == len(other_versions_of(standing, plan.document))
            else "give the same options and sources, another --out, or --overwrite",
        )
    return grow_plan(out, standing, Plan(plan.document | {"skipped": standing["skipped"]}))


def is_begun(out: Path) -> bool:
    """Whether a folder holds a data set, finished or not."""
    return retry_passing(out / PLAN, (out / PLAN).exists)


def known_parts(out: Path, role: str, split_objects: bool) -> KnownParts:
    """Parts of the sources of a begun data set by contents: checked then, by the same version."""
    if not is_begun(out):
        return {}
    try:
        standing = read_plan(out)
        require_planned(standing)
    except InputError:
        return {}
    if standing["versions"].get("depthmask") != __version__:
        return {}
    if standing["options"]["split_objects"] != split_objects:
        return {}
    found: dict[Contents, dict[int | None, tuple[int, int]]] = {}
    for source in map(Source.from_json, standing["sources"].get(role, [])):
        contents = source.sha256, source.alpha.sha256 if source.alpha else None
        found.setdefault(contents, {})[source.part] = source.size
    return {contents: tuple(parts.items()) for contents, parts in found.items()}


def differences(standing: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What two plans disagree on: options with both values, sources, versions.

    `samples`, which may grow, and `skipped` are not compared: a skipped file never becomes a
    source.
    """
    found = [
        f"--{name.replace('_', '-')} ({standing['options'].get(name)} there, {value} here)"
        for name, value in wanted["options"].items()
        if name != "samples" and standing["options"].get(name) != value
    ]
    found += [
        f"the {role} sources"
        for role in ("fg", "bg", "distractors")
        if not found and standing["sources"].get(role) != wanted["sources"].get(role)
    ]
    found += other_versions_of(standing, wanted)
    rest = ("teacher", "depth")
    found += [name for name in rest if not found and standing[name] != wanted[name]]
    return found


def other_versions_of(standing: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """The versions that two plans disagree on, with both values."""
    return [
        f"version of {name} ({standing['versions'].get(name)} there, {value} here)"
        for name, value in wanted["versions"].items()
        if standing["versions"].get(name) != value
    ]


def committed_records(
    place: Place, plan: Plan, tasks: Sequence[ShardTask] | None = None
) -> dict[str, Record]:
    """Records of finished shards by name: of the whole plan, or of `tasks`."""
    wanted = plan.tasks() if tasks is None else tasks
    records = {
        task.name: committed_record(place, task, plan.build) for task in _recorded(place, wanted)
    }
    return {name: record for name, record in records.items() if record is not None}


def committed_record(place: Place, task: ShardTask, build: str) -> Record | None:
    """The record of a shard if it is done: from this build, and as long as the plan says now."""
    record = read_record(place.folder, task.name)
    if (
        record is not None
        and record.build == build
        and record.samples == task.samples
        and (not place.keeps_shards or _has_size(place.folder / task.name, record.bytes))
    ):
        return record
    return None


def count_committed(place: Place, tasks: Sequence[ShardTask]) -> int:
    """How many shards have a record, without reading any; 0 where there is no folder."""
    return len(_recorded(place, tasks)) if place.folder.is_dir() else 0


def _recorded(place: Place, tasks: Sequence[ShardTask]) -> list[ShardTask]:
    """The tasks whose record exists, and whose shard does where the place keeps shards."""
    there = set(os.listdir(place.folder))
    return [
        task
        for task in tasks
        if record_name(task.name) in there and (task.name in there or not place.keeps_shards)
    ]


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def grow_plan(out: Path, standing: dict[str, Any], plan: Plan) -> Plan:
    """Replace the `standing` plan by `plan`, which may differ in `samples` only; returns `plan`.

    dataset.json is deleted first, then plan.json is replaced: if this is killed at any point, the
    folder is an unfinished data set of the old or the new size, and the same command resumes.
    Records outlive both, because the build id does not include `samples`. The record of a short
    shard that must grow has too few samples for the new plan, so that shard is made again.
    InputError where a split would lose samples.
    """
    if standing == plan.document:
        return plan
    before = Plan(standing).samples
    if any(plan.samples[split] < count for split, count in before.items()):
        raise InputError(
            "--samples",
            expected=f"at least the {counts_in_words(before)} samples of {out}: "
            "a split may only grow",
            found=counts_in_words(plan.samples),
            remedy="give a larger number, another --out, or --overwrite",
        )
    replace_plan(out, plan.document)
    return plan
