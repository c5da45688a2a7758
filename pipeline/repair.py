"""`verify --repair`: only what is broken is made again, and must come out as it was recorded."""

import dataclasses
from collections.abc import Callable, Generator
from contextlib import closing
from pathlib import Path
from typing import Any

from joblib import delayed

from pipeline.checking.findings import Findings
from pipeline.machine.workers import results_of
from pipeline.output.event_log import log_event
from pipeline.output.folder import SET_ASIDE
from pipeline.output.lock import builder_lock
from pipeline.planning.plan import ShardTask
from pipeline.rendering.shard_maker import render_shard, renderer_of
from pipeline.rendering.site import Site
from pipeline.verify import recorded_entries
from shards.base.canonical_json import document
from shards.base.files import folder_within, publish, sync
from shards.base.scratch import Scratch
from shards.checking.audit import Rules
from shards.checking.difference import Difference, shard_difference
from shards.places.outputs import writing
from shards.records.manifest import (
    MANIFEST,
    drop_manifest,
    make_manifest,
    read_plan,
    read_record,
    write_manifest,
    write_record,
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rebuilt:
    """What became of a broken shard.

    Without a `difference` its bytes are those of its record again. With one they are not, and the
    new shard replaces the old one only if it is `in_place`.
    """

    name: str
    in_place: bool
    difference: Difference | None

    def __str__(self) -> str:
        if self.difference is None:
            return f"{self.name}: made again, as it was recorded"
        done = "replaced" if self.in_place else "left as it was (--accept-changed replaces it)"
        return f"{self.name}: comes out with other bytes, {self.difference}; {done}"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class _Workshop:
    site: Site
    rules: Rules
    accept_changed: bool

    def rebuild(self, task: ShardTask, entry: dict[str, Any] | None) -> Rebuilt:
        recorded = None if entry is None else entry["sha256"]
        scratch = Scratch()
        try:
            renderer = renderer_of(self.site, self.rules.build)
            record = render_shard(renderer, scratch.path, task, lambda samples: None)
            old, new = self.site.out / task.name, scratch.path / task.name
            difference = None
            if recorded is not None and record.sha256 != recorded:
                difference = shard_difference(old, new, task, self.rules, recorded)
                if not self.accept_changed:
                    return Rebuilt(name=task.name, in_place=False, difference=difference)
                drop_manifest(self.site.out)
            elif entry is not None:  # the same bytes: what was said of them stays
                record = dataclasses.replace(record, versions=entry.get("versions", {}))
            publish(new, old)
            write_record(self.site.out, record)
            return Rebuilt(name=task.name, in_place=True, difference=difference)
        finally:
            scratch.remove()


def repair_dataset(
    site: Site,
    verdict: Findings,
    *,
    accept_changed: bool = False,
    workers: int | None = None,
    tick: Callable[[Rebuilt], None] = lambda rebuilt: None,
) -> Findings:
    """Make the broken shards of a `verdict` again from their sources; the verdict afterwards.

    A shard whose new bytes are not those recorded replaces the old one only with
    `accept_changed`. Foreign files are moved to the folder `set-aside` within the data set.
    dataset.json is written again where it is not what every shard's record says. `tick` is called
    with what became of each shard.
    """
    with writing(site.out), builder_lock(site.out):
        left = {damage.name: damage for damage in verdict.broken}
        with closing(_rebuild_all(site, verdict, accept_changed, workers)) as rebuilt:
            for made in rebuilt:
                tick(made)
                log_event(site.out, event="repair", name=made.name, result=str(made))
                if made.in_place:
                    del left[made.name]
        for name in verdict.foreign:
            _set_aside(site.out, name)
            log_event(site.out, event="set aside", name=name)
        fault = verdict.manifest
        if not (left or verdict.unmade):
            fault = None
            _write_manifest(site.out, verdict)
    return dataclasses.replace(verdict, broken=tuple(left.values()), foreign=(), manifest=fault)


def _rebuild_all(
    site: Site, verdict: Findings, accept_changed: bool, workers: int | None
) -> Generator[Rebuilt, None, None]:
    plan = read_plan(site.out)
    broken = {damage.name for damage in verdict.broken}
    tasks = [task for task in verdict.tasks if task.name in broken]
    workshop = _Workshop(site=site, rules=Rules.of(plan), accept_changed=accept_changed)
    recorded = recorded_entries(site.out, plan, tasks)
    calls = (delayed(workshop.rebuild)(task, recorded[task.name]) for task in tasks)
    with results_of(calls, workers) as rebuilt:
        yield from rebuilt


def _set_aside(shards: Path, name: str) -> None:
    folder = folder_within(shards, SET_ASIDE)
    target, number = folder / name, 1
    while target.exists():
        target, number = folder / f"{name}.{number}", number + 1
    (shards / name).rename(target)
    sync(folder)
    sync(shards)


def _write_manifest(shards: Path, verdict: Findings) -> None:
    records = (read_record(shards, task.name) for task in verdict.tasks)
    manifest = make_manifest(read_plan(shards), [r for r in records if r is not None])
    standing = shards / MANIFEST
    if not standing.is_file() or standing.read_bytes() != document(manifest):
        write_manifest(shards, manifest)
