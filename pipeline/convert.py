"""`convert`: a finished data set in another store, or as plain folders; every sample compared."""

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from joblib import Parallel, delayed

from pipeline.folder import committed_record, log_event, refuse_foreign_folder
from pipeline.lock import builder_lock
from pipeline.plan import ShardTask, tasks_of
from shards.errors import InputError
from shards.files import remove_temporaries
from shards.folders import FolderCopy, take_folders
from shards.keys import BACKGROUND
from shards.manifest import (
    Record,
    build_id,
    make_manifest,
    read_manifest,
    read_plan,
    write_manifest,
    write_plan,
)
from shards.reader import open_dataset
from shards.transfer import Transfer

Format = Literal["tar", "lmdb", "folders"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Conversion:
    """What a conversion left in `out`: the digest, unless it is plain folders."""

    out: Path
    digest: str | None
    samples: int
    made: int
    kept: int


def convert_dataset(
    shards: Path,
    out: Path,
    format: Format,
    *,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
) -> Conversion:
    """Write a finished data set to `out` in another format; again, it goes on where it stopped.

    In "tar" or "lmdb" the result is byte for byte what a build in that format gives. `tick` is
    called with the number of samples done. InputError where `shards` is no finished data set or
    `out` holds something else; RunError where a shard is damaged.
    """
    require_apart(shards, out)
    if format == "folders":
        return _convert_to_folders(shards, out, workers, tick)
    plan = _plan_in(read_plan(shards), format)
    source = read_manifest(shards)
    refuse_foreign_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    with builder_lock(out):
        remove_temporaries(out)
        adopt_plan(out, plan)
        transfer = Transfer(
            source=shards.resolve(),
            source_format=source["options"]["format"],
            out=out.resolve(),
            format=format,
            build=build_id(plan),
            size=plan["options"]["size"],
        )
        result = finish_shards(out, plan, tasks_of(plan), transfer.move, workers, tick)
    return result


def finish_shards(
    out: Path,
    plan: dict[str, Any],
    tasks: list[ShardTask],
    make: Callable[[ShardTask], Record],
    workers: int | None,
    tick: Callable[[int], None],
) -> Conversion:
    """Make the shards that have no record yet, then dataset.json."""
    build = build_id(plan)
    kept: list[Record] = []
    missing: list[ShardTask] = []
    for task in tasks:
        record = committed_record(out, task, build)
        if record is None:
            missing.append(task)
        else:
            kept.append(record)
            tick(task.samples)
    run = Parallel(n_jobs=workers or os.cpu_count(), return_as="generator", batch_size=1)
    made = []
    for record in run(delayed(make)(task) for task in missing):
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


def adopt_plan(out: Path, plan: dict[str, Any]) -> None:
    """Write plan.json, or go on with the same one; InputError where another data set stands."""
    if write_plan(out, plan) or read_plan(out) == plan:
        return
    raise InputError(
        str(out),
        expected="a new folder, or this conversion begun before",
        found="another data set",
        remedy="name another folder",
    )


def require_apart(source: Path, out: Path) -> None:
    """InputError where one of two folders is, or lies in, the other."""
    a, b = source.resolve(), out.resolve()
    if a in (b, *b.parents) or b in a.parents:
        raise InputError(
            str(out),
            expected=f"a folder apart from {source}",
            found="the same one, or one within the other",
            remedy="name another folder",
        )


def _plan_in(plan: dict[str, Any], format: str) -> dict[str, Any]:
    return plan | {"options": plan["options"] | {"format": format}}


def _convert_to_folders(
    shards: Path, out: Path, workers: int | None, tick: Callable[[int], None]
) -> Conversion:
    dataset = open_dataset(shards)
    take_folders(out, dataset)
    copy = FolderCopy(shards.resolve(), out.resolve())
    run = Parallel(n_jobs=workers or os.cpu_count(), return_as="generator", batch_size=1)
    made = kept = 0
    tasks = [task for task in tasks_of(read_plan(shards)) if task.split != BACKGROUND]
    for task, new in zip(tasks, run(delayed(copy.write)(task) for task in tasks), strict=True):
        made, kept = made + new, kept + task.samples - new
        tick(task.samples)
    return Conversion(out=out, digest=None, samples=len(dataset), made=made, kept=kept)
