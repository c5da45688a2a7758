"""One sample again, from its name alone: what the plan says stands at (split, position)."""

import io
import os
from pathlib import Path
from typing import Any

from PIL import Image

from pipeline.devices import require_device
from pipeline.plan import Plan, require_planned, require_position
from pipeline.render import Renderer, Site
from shards.codecs import decode_json, document, encode_png
from shards.errors import InputError
from shards.files import write_whole
from shards.keys import SPLITS
from shards.manifest import LOG, read_plan
from shards.outputs import writing
from shards.writer import RawSample


def render_sample(
    shards: Path, split: str, position: int, *, fg: Path | None = None, bg: Path | None = None
) -> RawSample:
    """The sample at `position` of `split`, drawn from its sources as the build drew it.

    The folders of sources are those of the last build on this data set, unless given. Depth is
    predicted in the same batch as in the build, so its last bits are the same too.
    """
    plan = Plan(read_plan(shards))
    if split not in SPLITS:
        raise InputError(
            "SPLIT", expected="train or val", found=repr(split), remedy="name one of the two"
        )
    require_position(split, position, plan.samples[split])
    site = find_site(shards, fg=fg, bg=bg)
    per_shard: int = plan.options["samples_per_shard"]
    first = position - position % per_shard % plan.batch
    last = min(first + plan.batch, first - first % per_shard + per_shard, plan.samples[split])
    samples = Renderer(plan, site).samples(split, range(first, last))
    return next(sample for sample in samples if sample.position == position)


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
        if not root.is_dir():
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
    lines = path.read_bytes().splitlines() if path.is_file() else []
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


def write_sample(sample: RawSample, out: Path) -> list[Path]:
    """Write a sample as image.png, background.jpg, mask.png, depth.png (16 bit), sample.json."""
    files = {
        "background.jpg": sample.background.data,
        "mask.png": encode_png(sample.mask, "none"),
        "sample.json": document(sample.info),
    }
    if sample.depth_codes is not None:
        files["depth.png"] = encode_png(sample.depth_codes, "up")
    stream = io.BytesIO()
    Image.fromarray(sample.image).save(stream, "PNG")
    files["image.png"] = stream.getvalue()
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            write_whole(out / name, data)
    return [out / name for name in sorted(files)]
