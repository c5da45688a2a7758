"""The folder of a data set: whose it is, what is in it already, and the log of what happened."""

import datetime
import json
from pathlib import Path
from typing import Any

from pipeline.growth import grow_plan
from pipeline.plan import Plan
from shards.errors import InputError, RunError
from shards.files import remove_temporaries
from shards.manifest import LOG, PLAN, Record, read_plan, read_record, write_plan


def refuse_foreign_folder(out: Path) -> None:
    """InputError where `out` is neither absent, nor empty, nor a data set of ours."""
    if not out.exists() or (out.is_dir() and ((out / PLAN).exists() or not any(out.iterdir()))):
        return
    raise InputError(
        f"--out {out}",
        expected="a new or empty folder, or a depthmask data set",
        found="a folder that holds something else" if out.is_dir() else "a file",
        remedy="name another folder",
    )


def take_folder(out: Path, plan: Plan) -> None:
    """Write plan.json, or go on with the one that stands there; it may have had fewer samples."""
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_temporaries(out)
        if write_plan(out, plan.document):
            return
    except OSError as error:
        raise RunError(
            f"--out {out}",
            expected="a folder that can be written",
            found=error.strerror or str(error),
            remedy="nothing was written; make room or give another folder",
        ) from None
    standing = read_plan(out)
    differing = differences(standing, plan.document)
    if differing:
        raise InputError(
            f"--out {out}",
            expected="the data set that was begun here",
            found="a difference in " + ", ".join(differing),
            remedy="give the same options and sources, another --out, or --overwrite",
        )
    grow_plan(out, standing, plan)


def differences(standing: dict[str, Any], wanted: dict[str, Any]) -> list[str]:
    """What two plans disagree on but `samples`: options with both values, sources, versions."""
    found = [
        f"--{name.replace('_', '-')} ({standing['options'].get(name)} there, {value} here)"
        for name, value in wanted["options"].items()
        if name != "samples" and standing["options"].get(name) != value
    ]
    found += [
        f"the {role} sources"
        for role in ("fg", "bg")
        if not found and standing["sources"][role] != wanted["sources"][role]
    ]
    found += [
        f"version of {name} ({standing['versions'].get(name)} there, {value} here)"
        for name, value in wanted["versions"].items()
        if standing["versions"].get(name) != value
    ]
    rest = ("teacher", "depth", "skipped")
    found += [name for name in rest if not found and standing[name] != wanted[name]]
    return found


def committed_records(out: Path, plan: Plan) -> dict[str, Record]:
    """Records of the shards that are done, by name: each as long as the plan has it now."""
    records = {task: read_record(out, task.name) for task in plan.tasks()}
    return {
        task.name: record
        for task, record in records.items()
        if record is not None
        and record.build == plan.build
        and record.samples == task.samples
        and _has_size(out / task.name, record.bytes)
    }


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.stat().st_size == size
    except FileNotFoundError:
        return False


def log_event(out: Path, **facts: Any) -> None:
    """Append a line to build.log.jsonl: the time and `facts`."""
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
    with (out / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": now} | facts) + "\n")
