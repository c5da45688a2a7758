"""Where samples are drawn: sources, teacher and cache, by a build's options or a log."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from pipeline.depth.layer_cache import FOLDER
from pipeline.depth.teachers.table import weights_place
from pipeline.machine.devices import require_device
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import require_planned
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
    layers: Path | None = None
    """Where the processes of a build share the maps of layered depth."""
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
        device=options.device,
        depth_weights=weights_place(options.depth_model, options.depth_weights),
        layers=options.out.resolve() / FOLDER,
        allow_mixed=options.allow_mixed,
    )


def find_site(
    shards: Path,
    *,
    fg: Path | None = None,
    bg: Path | None = None,
    device: str = "cpu",
    depth_weights: Path | None = None,
) -> Site:
    """Where a data set's samples can be drawn again: its sources as the last build found them.

    So are the teacher's weights, where they still lie there. None are fetched from anywhere: the
    plan may be a stranger's.

    InputError for a device that is not here, and where no log names their folders and they are not
    given.
    """
    require_device(device)
    require_planned(read_plan(shards))
    last = _last_build(shards)
    if fg is None or bg is None:
        roots = _roots_of(last, shards / LOG)
        fg, bg = fg or roots["fg"], bg or roots["bg"]
    for role, root in (("fg", fg), ("bg", bg)):
        if not retry_passing(root, root.is_dir):
            raise _moved(role, root)
    logged = last.get("depth_weights")
    if depth_weights is None and isinstance(logged, str) and _is_there(logged):
        depth_weights = Path(logged)
    return Site(out=shards, fg=fg, bg=bg, device=device, depth_weights=depth_weights, fetch=False)


def _moved(role: str, root: Path) -> InputError:
    kind = {"fg": "foregrounds", "bg": "backgrounds"}[role]
    return InputError(
        f"--{role} {root}",
        expected=f"the folder of the {kind} that the data set was built from",
        found="no such folder",
        remedy=f"if it was moved, name the new place with --{role}",
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


def _roots_of(build: dict[str, Any], log: Path) -> dict[str, Path]:
    if not all(isinstance(build.get(role), str) for role in ("fg", "bg")):
        raise InputError(
            str(log),
            expected="the folders that the data set was built from",
            found="none",
            remedy="name them with --fg and --bg",
        )
    return {role: Path(build[role]) for role in ("fg", "bg")}


def _log_entry(line: bytes) -> dict[str, Any]:
    """A line of the log; nothing where a killed build left half of one."""
    try:
        return decode_json(line)
    except ValueError:
        return {}
