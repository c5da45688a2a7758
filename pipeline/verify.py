"""`verify`: every shard against its record, dataset.json, the plan, and its own sources."""

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from joblib import delayed

from pipeline.checking.findings import MISSING, BrokenShard, Findings
from pipeline.checking.redraw import first_difference
from pipeline.machine.workers import results_of
from pipeline.planning.plan import ShardTask, tasks_of
from pipeline.rendering.shard_maker import renderer_of
from pipeline.rendering.site import Site
from pipeline.rendering.versions import versions_for
from shards.base.errors import InputError
from shards.base.formats import FORMATS
from shards.base.keys import BACKGROUND, SPLITS, keys_from, record_name
from shards.base.retrying import retry_passing
from shards.checking.audit import AuditError, Rules, audit_shard
from shards.places.place import place_of
from shards.records.manifest import (
    MANIFEST,
    digest_of,
    make_manifest,
    read_manifest,
    read_plan,
    read_record,
)
from shards.stores.table import open_shard

SHARE = 0.01
_LOOKS_LIKE_OURS = re.compile(
    rf"({'|'.join((*SPLITS, BACKGROUND))})-\d{{6}}\.json|.*\.({'|'.join(FORMATS)})"
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Inspection:
    folder: Path
    rules: Rules
    deep: bool
    site: Site | None
    share: float
    not_redrawn: frozenset[str]

    def damage(self, task: ShardTask, entry: dict[str, Any] | None) -> BrokenShard | None:
        try:
            audit_shard(self.folder, task, self.rules, entry, deep=self.deep)
        except AuditError as error:
            return BrokenShard(task.name, str(error))
        if self.site is None or task.name in self.not_redrawn:
            return None
        renderer = renderer_of(self.site, self.rules.build)
        keys = keys_from(task.split, task.first)
        sha256 = None if entry is None else entry["sha256"]
        path = self.folder / task.name
        shard = open_shard(self.rules.format, path, keys, task.samples, sha256)
        try:
            field = first_difference(renderer, task, shard, self.share)
        finally:
            shard.close()
        return (
            None if field is None else BrokenShard(task.name, f"{field} is not what the plan draws")
        )


def verify_dataset(
    shards: Path,
    *,
    deep: bool = False,
    site: Site | None = None,
    share: float = SHARE,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
) -> Findings:
    """What is broken in a data set; reads every byte and writes nothing.

    `deep` also decodes every picture and, given the `site` of the sources, draws a `share` of each
    shard's samples again (at least one) and compares bytes. `tick(samples)` is called as shards
    are done. InputError where there is no data set, or where samples cannot be drawn again here.
    """
    place = place_of(shards)
    if not place.keeps_shards:
        raise InputError(
            str(place),
            expected="the folder of a data set",
            found="an address",
            remedy=f"`depthmask convert {place} FOLDER` fetches it and compares every shard",
        )
    plan = read_plan(shards)
    tasks = tasks_of(plan)
    entries, manifest = _read_entries(shards, plan)
    made = [task for task in tasks if entries is not None or _was_made(shards, task)]
    not_redrawn = frozenset[str]() if site is None else _undrawn(shards, plan, made, site.device)
    inspection = _Inspection(shards, Rules.of(plan), deep, site, share, not_redrawn)
    prefer: Literal["processes", "threads"] = "processes" if deep else "threads"  # hashing is in C
    calls = (delayed(inspection.damage)(task, (entries or {}).get(task.name)) for task in made)
    broken = []
    with results_of(calls, workers, prefer) as damages:
        for task, damage in zip(made, damages, strict=True):
            tick(task.samples)
            broken += [] if damage is None else [damage]
    if manifest is None and not broken:
        manifest = _manifest_fault(shards, plan, tasks)
    return Findings(
        tasks=tuple(tasks),
        broken=tuple(broken),
        unmade=len(tasks) - len(made),
        foreign=_foreign_files(shards, tasks),
        manifest=manifest,
        not_redrawn=len(not_redrawn),
    )


def _undrawn(
    shards: Path, plan: dict[str, Any], made: list[ShardTask], device: str
) -> frozenset[str]:
    """Shards that were made under other versions than those here (`--allow-mixed`).

    InputError where all were: then nothing could be drawn again.
    """
    here = versions_for(plan, device)

    def is_foreign(own: dict[str, str]) -> bool:
        return any(here.get(name) != value for name, value in (plan["versions"] | own).items())

    found = frozenset(task.name for task in made if is_foreign(_own_versions(shards, task)))
    if len(found) == len(made) and is_foreign({}):
        other = [
            f"{name} {version} there and {here.get(name)} here"
            for name, version in plan["versions"].items()
            if here.get(name) != version
        ]
        raise InputError(
            "--deep",
            expected="the versions that the data set was built with, to draw samples again",
            found=", ".join(other),
            remedy="add --share 0 to decode everything without drawing anything again",
        )
    return found


def _own_versions(shards: Path, task: ShardTask) -> dict[str, str]:
    try:
        record = read_record(shards, task.name)
    except InputError:
        return {}
    return {} if record is None else record.versions


def _was_made(shards: Path, task: ShardTask) -> bool:
    """Whether a shard of an unfinished data set was finished; not if it is yet to grow."""
    try:
        record = read_record(shards, task.name)
    except InputError:
        return True  # what stands there is damaged
    return record is not None and record.samples >= task.samples


def _read_entries(
    shards: Path, plan: dict[str, Any]
) -> tuple[dict[str, dict[str, Any]] | None, str | None]:
    """The entries of dataset.json by name, and what is wrong with it.

    None, where there is no dataset.json: then a shard without a record was never finished. No
    entries, where it cannot be believed.
    """
    path = shards / MANIFEST
    if not retry_passing(path, path.exists):
        return None, MISSING
    try:
        manifest = read_manifest(shards)
        entries = manifest["shards"] + manifest["backgrounds"]
        by_name = {entry["name"]: entry for entry in entries}
        same_plan = all(manifest.get(name) == value for name, value in plan.items())
        if same_plan and digest_of(plan, entries) == manifest["digest"]:
            return by_name, None
    except (InputError, KeyError, TypeError, AttributeError):
        return {}, "damaged"
    return {}, "its digest or plan is not that of this data set"


def _manifest_fault(shards: Path, plan: dict[str, Any], tasks: list[ShardTask]) -> str | None:
    records = (read_record(shards, task.name) for task in tasks)
    wanted = make_manifest(plan, [record for record in records if record is not None])
    if read_manifest(shards) == wanted:
        return None
    return "it does not follow from plan.json and the records"


def recorded_entries(
    shards: Path, plan: dict[str, Any], tasks: list[ShardTask]
) -> dict[str, dict[str, Any] | None]:
    """The entries of shards as they were made, by dataset.json or their records; None: unknown."""
    entries, _ = _read_entries(shards, plan)
    return {task.name: _recorded_entry(shards, task, entries or {}) for task in tasks}


def _recorded_entry(
    shards: Path, task: ShardTask, entries: dict[str, dict[str, Any]]
) -> dict[str, Any] | None:
    if task.name in entries:
        return entries[task.name]
    try:
        record = read_record(shards, task.name)
    except InputError:
        return None
    return None if record is None or record.samples != task.samples else record.entry()


def _foreign_files(shards: Path, tasks: list[ShardTask]) -> tuple[str, ...]:
    known = {name for task in tasks for name in (task.name, record_name(task.name))}
    entries = retry_passing(shards, lambda: list(shards.iterdir()))
    names = (path.name for path in entries if not path.name.startswith("."))
    return tuple(
        sorted(name for name in names if name not in known and _LOOKS_LIKE_OURS.fullmatch(name))
    )
