"""The folder that a conversion writes to: locked, filled shard by shard, and finished."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pipeline.machine.workers import results_of
from pipeline.output.event_log import log_event
from pipeline.output.folder import committed_record, other_versions_of, refuse_foreign_folder
from pipeline.output.lock import builder_lock
from pipeline.planning.plan import ShardTask, tasks_of
from shards.base.errors import InputError
from shards.base.files import remove_temporaries
from shards.places.local_folder import LocalFolder
from shards.places.outputs import writing
from shards.records.manifest import (
    Record,
    build_id,
    equal_but_skipped,
    make_manifest,
    read_plan,
    write_manifest,
    write_plan,
)


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """The result of a conversion to `out`: no digest for plain folders, counts only for labels."""

    out: Path
    digest: str | None
    samples: int
    made: int
    kept: int
    labels: dict[str, int] | None = None


def finish_shards(
    out: Path,
    plan: dict[str, Any],
    call: Callable[[ShardTask], Any],
    *,
    workers: int | None,
    tick: Callable[[int], None],
) -> Conversion:
    """Make the shards that have no record yet, then dataset.json.

    `call` gives the delayed call that makes a shard in a worker process and returns its record.
    """
    build = build_id(plan)
    kept: list[Record] = []
    missing: list[ShardTask] = []
    for task in tasks_of(plan):
        record = committed_record(LocalFolder(out), task, build)
        if record is None:
            missing.append(task)
        else:
            kept.append(record)
            tick(task.samples)
    made = []
    with results_of((call(task) for task in missing), workers) as records:
        for record in records:
            made.append(record)
            tick(record.samples)
            log_event(out, event="shard", name=record.name)
    manifest = make_manifest(plan, [*kept, *made])
    write_manifest(out, manifest)
    log_event(out, event="complete", digest=manifest["digest"])
    samples = sum(split["samples"] for split in manifest["splits"].values())
    return Conversion(
        out=out, digest=manifest["digest"], samples=samples, made=len(made), kept=len(kept)
    )


@contextmanager
def take_target(out: Path, plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Lock `out`, write plan.json, and give the plan that is in it.

    InputError where `out` holds something else.
    """
    refuse_foreign_folder(out)
    with writing(out), ExitStack() as stack:
        out.mkdir(parents=True, exist_ok=True)
        stack.enter_context(builder_lock(out))
        remove_temporaries(out)
        standing = plan if write_plan(out, plan) else read_plan(out)
        if not equal_but_skipped(standing, plan):
            differing = other_versions_of(standing, plan)
            alike = build_id(standing) == build_id(plan)
            raise InputError(
                str(out),
                expected="a new folder, or this conversion begun before",
                found=", ".join(differing) if alike and differing else "another data set",
                remedy="name another folder",
            )
        yield standing


def require_apart(source: Path, out: Path) -> None:
    """InputError where two folders are the same, or one is inside the other."""
    a, b = source.resolve(), out.resolve()
    if a in (b, *b.parents) or b in a.parents:
        raise InputError(
            str(out),
            expected=f"a folder apart from {source}",
            found="the same one, or one inside the other",
            remedy="name another folder",
        )
