"""Where samples are drawn: sources, teacher and cache, by a build's options or a log."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from pipeline.depth.teachers.table import weights_place
from pipeline.machine.devices import require_device
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import require_planned
from pipeline.sources.source import Source
from shards.base.canonical_json import decode_json
from shards.base.errors import InputError
from shards.base.retrying import retry_passing
from shards.records.manifest import LOG, read_plan


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """Where a build happens: none of it decides a byte of the data set."""

    out: Path
    fg: Path
    bg: Path
    device: str
    depth_weights: Path | None
    fg_alpha: Path | None = None
    """The folder of --fg-alpha, where the alpha files lie that do not lie beside their picture."""
    distractors: Path | None = None
    layers: Path | None = None
    """Where processes share what takes long, maps and decontaminated pictures: in a build only."""
    allow_mixed: bool = False
    """Whether shards may be made under other versions than those of plan.json."""
    fetch: bool = True
    """Whether a teacher that is named may be fetched from the hub: its name is the user's own."""


def site_of(options: BuildOptions) -> Site:
    """Where a build happens."""
    return Site(
        out=options.out.resolve(),
        fg=options.fg.resolve(),
        bg=options.bg.resolve(),
        fg_alpha=options.fg_alpha and options.fg_alpha.resolve(),
        distractors=options.distractors and options.distractors.resolve(),
        device=options.device,
        depth_weights=weights_place(options.depth_model, options.depth_weights),
        allow_mixed=options.allow_mixed,
    )


def find_site(
    shards: Path,
    *,
    fg: Path | None = None,
    bg: Path | None = None,
    fg_alpha: Path | None = None,
    distractors: Path | None = None,
    device: str = "cpu",
    depth_weights: Path | None = None,
) -> Site:
    """Where a data set's samples can be drawn again: its sources as the last build found them.

    So are the teacher's weights, where they still lie there. None are fetched from anywhere: the
    plan may be a stranger's.

    InputError for a device that is not here, for a folder that is given and holds no source of the
    plan, and where no log names their folders and they are not given.
    """
    require_device(device)
    plan = read_plan(shards)
    require_planned(plan)
    last = _last_build(shards)
    given = {"fg": fg, "bg": bg, "fg_alpha": fg_alpha, "distractors": distractors}
    needed = _roots_needed(plan)
    for name, root in given.items():
        if root is not None and name not in needed:
            raise _needless(name, root, shards)
    roots = {name: given[name] or _logged_root(last, name, shards / LOG) for name in needed}
    for name, root in roots.items():
        if not retry_passing(root, root.is_dir):
            raise _moved(name, root)
    logged = last.get("depth_weights")
    if depth_weights is None and isinstance(logged, str) and _is_there(logged):
        depth_weights = Path(logged)
    return Site(
        out=shards,
        fg=roots["fg"],
        bg=roots["bg"],
        fg_alpha=roots.get("fg_alpha"),
        distractors=roots.get("distractors"),
        device=device,
        depth_weights=depth_weights,
        fetch=False,
    )


def _roots_needed(plan: dict[str, Any]) -> list[str]:
    """The folders, by the names that `Site` has for them, that a plan's sources lie in."""
    foregrounds = map(Source.from_json, plan["sources"]["fg"])
    apart = any(source.alpha and not source.alpha_lies_beside for source in foregrounds)
    further = {"fg_alpha": apart, "distractors": "distractors" in plan["sources"]}
    return ["fg", "bg", *(name for name, needed in further.items() if needed)]


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _moved(name: str, root: Path) -> InputError:
    kind = {
        "fg": "foregrounds",
        "bg": "backgrounds",
        "fg_alpha": "foregrounds' alphas",
        "distractors": "distractors",
    }[name]
    return InputError(
        f"{_flag(name)} {root}",
        expected=f"the folder of the {kind} that the data set was built from",
        found="no such folder",
        remedy=f"if it was moved, name the new place with {_flag(name)}",
    )


def _needless(name: str, root: Path, shards: Path) -> InputError:
    what, found = {
        "fg_alpha": (
            "alphas lie in a folder of their own",
            "alphas in the pictures or beside them",
        ),
        "distractors": ("samples show distractors", "none"),
    }[name]
    return InputError(
        f"{_flag(name)} {root}",
        expected=f"a data set whose {what}",
        found=f"{found} in {shards}",
        remedy=f"remove {_flag(name)}",
    )


def _is_there(path: str) -> bool:
    """Whether a file or a folder is there; a log of a stranger may name a pipe, or anything."""
    return os.path.isfile(path) or os.path.isdir(path)


def _last_build(shards: Path) -> dict[str, Any]:
    """What the log says of the last build; nothing where there is none."""
    path = shards / LOG

    def read() -> bytes:
        return path.read_bytes() if path.is_file() else b""

    lines = retry_passing(path, read).splitlines()
    builds = [entry for entry in map(_log_entry, lines) if entry.get("event") == "build"]
    return builds[-1] if builds else {}


def _logged_root(build: dict[str, Any], name: str, log: Path) -> Path:
    logged = build.get(name)
    if not isinstance(logged, str):
        raise InputError(
            str(log),
            expected="the folders that the data set was built from",
            found="none",
            remedy="name them with --fg and --bg"
            if name in ("fg", "bg")
            else f"name this one with {_flag(name)}",
        )
    return Path(logged)


def _log_entry(line: bytes) -> dict[str, Any]:
    """A line of the log; nothing where a killed build left half of one."""
    try:
        return decode_json(line)
    except ValueError:
        return {}
