"""What plan.json, a commit record and dataset.json must look like, checked before any is used.

A data set may come from a stranger, or from a disk that lost a block. A check is a function of a
value that returns nothing or raises `WrongValueError`; tables below put small ones together.
Entries that are not named are let through: later versions may add some.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from shards.keys import BACKGROUND, SPLITS, shard_name
from shards.names import stays_below

Check = Callable[[Any, str], None]
"""Takes a value and the place where it stands."""

_MOST_SAMPLES = 10**9
_SHOWN = 60


class WrongValueError(ValueError):
    """A value that cannot stand where it does: `where` it is, what is `expected` and `found`."""

    def __init__(self, where: str, expected: str, found: object) -> None:
        self.where, self.expected = where, expected
        text = found if isinstance(found, str) else repr(found)
        self.found = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
        super().__init__(f"{where}: expected {expected}, found {self.found}")


def _whole(low: int, high: int) -> Check:
    def check(value: Any, where: str) -> None:
        if type(value) is not int or not low <= value <= high:
            raise WrongValueError(where, f"a whole number from {low} to {high}", value)

    return check


def _real(low: float, high: float) -> Check:
    def check(value: Any, where: str) -> None:
        if type(value) not in (int, float) or not low <= value <= high or math.isnan(value):
            raise WrongValueError(where, f"a number from {low:g} to {high:g}", value)

    return check


def _text(pattern: str, meaning: str) -> Check:
    compiled = re.compile(pattern, re.DOTALL)

    def check(value: Any, where: str) -> None:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise WrongValueError(where, meaning, value)

    return check


def _one_of(*values: Any) -> Check:
    def check(value: Any, where: str) -> None:
        if not any(value is v or (isinstance(v, str) and value == v) for v in values):
            raise WrongValueError(where, "one of " + ", ".join(map(str, values)), value)

    return check


def _or_none(inner: Check) -> Check:
    def check(value: Any, where: str) -> None:
        if value is not None:
            inner(value, where)

    return check


def _list(inner: Check, least: int = 0, most: int = _MOST_SAMPLES) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise WrongValueError(where, f"a list of {least} to {most} entries", value)
        for index, entry in enumerate(value):
            inner(entry, f"{where}[{index}]")

    return check


def _table(needed: Mapping[str, Check], also: Mapping[str, Check] | None = None) -> Check:
    def check(value: Any, where: str) -> None:
        if not isinstance(value, dict):
            raise WrongValueError(where or "all of it", "a table of names and values", value)
        for name, inner in needed.items():
            if name not in value:
                raise WrongValueError(f"{where}.{name}".lstrip("."), "this entry", "none")
            inner(value[name], f"{where}.{name}".lstrip("."))
        for name, inner in (also or {}).items():
            if name in value:
                inner(value[name], f"{where}.{name}".lstrip("."))

    return check


def _source_name(value: Any, where: str) -> None:
    if not isinstance(value, str) or not stays_below(value):
        raise WrongValueError(where, "the path of a file below its folder", value)


_anything = _text(".*", "text")
_boolean = _one_of(True, False)
_sha256 = _text("[0-9a-f]{64}", "a SHA-256 in hexadecimal")
_shard = _text(r"(train|val|background)-[0-9]{6}\.(tar|lmdb)", "the name of a shard")
_count = _whole(0, _MOST_SAMPLES)
_split = _one_of(*SPLITS, BACKGROUND)
_side = _whole(1, 10**7)
_size = _whole(1, 2**60)  # none: a pipe, which would be waited on for ever

_OPTIONS = {
    "size": _whole(16, 4096),
    "placements": _whole(1, 10**9),
    "flip": _boolean,
    "samples": _or_none(_whole(1, _MOST_SAMPLES)),
    "seed": _whole(0, 2**63 - 1),
    "fg_scale": _list(_real(1e-9, 1), 2, 2),
    "format": _one_of("tar", "lmdb"),
    "samples_per_shard": _whole(1, 10**6),
    "val_fraction": _real(0, 1),
    "split_by": _one_of("source", "sample"),
    "depth_model": _anything,
    "depth_format": _one_of("png16", "jpeg8"),
    "depth_bits": _whole(1, 16),
    "depth_size": _one_of("native", "full"),
    "image_quality": _whole(1, 100),
    "inline_backgrounds": _boolean,
}
_STORED = ("size", "format", "samples_per_shard", "depth_format", "inline_backgrounds")
_source = _table(
    {
        "name": _source_name,
        "sha256": _sha256,
        "size": _list(_side, 2, 2),
        "split": _one_of(*SPLITS, "both"),
    }
)
_depth = _table(
    {
        "kind": _one_of("metric", "inverse"),
        "unit": _anything,
        "bits": _whole(1, 16),
        "size": _whole(1, 4096),
        "scale": _real(1e-30, 1e30),
        "offset": _real(-1e30, 1e30),
    }
)
_plan = _table(
    {
        "options": _table(_OPTIONS),
        "sources": _table({"fg": _list(_source, 1), "bg": _list(_source, 1)}),
        "skipped": _list(_table({"path": _anything, "reason": _anything})),
        "teacher": _or_none(_table({"name": _anything})),
        "depth": _or_none(_depth),
        "versions": _table({}),
    }
)
_taken_over = _table(
    {
        "taken_over": _table({"samples": _table(dict.fromkeys(SPLITS, _count)), "files": _sha256}),
        "options": _table({name: _OPTIONS[name] for name in _STORED}),
        "sources": _table({"fg": _list(_source, 0, 0), "bg": _list(_source, 1)}),
        "skipped": _list(_anything, 0, 0),
        "teacher": _or_none(_table({"name": _anything})),
        "depth": _or_none(_depth),
        "versions": _table({}),
    }
)
_folders = _table(
    {
        "samples": _table(dict.fromkeys(SPLITS, _count)),
        "size": _OPTIONS["size"],
        "depth": _or_none(_depth),
        "digest": _sha256,
    }
)
_entry = _table(
    {"name": _shard, "split": _split, "samples": _count, "bytes": _size, "sha256": _sha256}
)
_channel = _list(_whole(0, 2**80), 3, 3)
_sums = _table(
    {},
    {
        "image": _list(_channel, 3, 3),
        "background": _list(_channel, 3, 3),
        "mask": _list(_channel, 1, 1),
        "depth": _list(_channel, 1, 1),
    },
)
_RECORD = {
    "build": _sha256,
    "name": _shard,
    "split": _split,
    "samples": _whole(1, 10**6),
    "bytes": _size,
    "sha256": _sha256,
    "first": _count,
    "last": _count,
    "sums": _sums,
    "clipped": _whole(0, 2**63),
}
_moments = _table({"mean": _list(_real(0, 1), 1, 3), "std": _list(_real(0, 1), 1, 3)})
_of_fields = dict.fromkeys(("image", "mask", "depth", "background"), _moments)
_stats = _table({"splits": _table({split: _table({}, _of_fields) for split in SPLITS})}, _of_fields)
_manifest = _table(
    {
        "splits": _table({s: _table({"samples": _count, "shards": _count}) for s in SPLITS}),
        "shards": _list(_entry),
        "backgrounds": _list(_entry, 1),
        "stats": _stats,
        "digest": _sha256,
    }
)


def check_plan(plan: Any) -> None:
    """Raise WrongValueError unless `plan` is what plan.json may hold."""
    taken_over = isinstance(plan, dict) and "taken_over" in plan
    (_taken_over if taken_over else _plan)(plan, "")
    options, depth = plan["options"], plan["depth"]
    low, high = options["fg_scale"] if not taken_over else (0, 1)
    if low > high:
        raise WrongValueError("options.fg_scale", "the smaller number first", [low, high])
    if depth is not None and depth["size"] > options["size"]:
        raise WrongValueError("depth.size", f"at most {options['size']}", depth["size"])
    if depth is not None and plan["teacher"] is None:
        raise WrongValueError("teacher", "what gave the depth", "none")


def check_folders(facts: Any) -> None:
    """Raise WrongValueError unless `facts` is what folders.json may hold."""
    _folders(facts, "")


def check_record(record: Any) -> None:
    """Raise WrongValueError unless `record` is what a commit record may hold."""
    _table(_RECORD)(record, "")
    for name in record:
        if name not in _RECORD:
            raise WrongValueError(name, "no such entry", record[name])
    for name, channels in record["sums"].items():
        if name not in _of_fields:
            raise WrongValueError(f"sums.{name}", "the sums of a field", channels)
        for count, total, squares in channels:
            if not count or count * squares < total * total:
                raise WrongValueError(f"sums.{name}", "sums that some pixels have", channels)
    if record["last"] - record["first"] + 1 != record["samples"]:
        raise WrongValueError("last", f"{record['samples']} samples", record["last"])
    if not record["name"].startswith(record["split"] + "-"):
        raise WrongValueError("split", f"that of {record['name']}", record["split"])


def check_manifest(manifest: Any) -> None:
    """Raise WrongValueError unless `manifest` is what dataset.json may hold."""
    check_plan(manifest)
    _manifest(manifest, "")
    counts = {split: manifest["splits"][split]["samples"] for split in SPLITS}
    counts[BACKGROUND] = len(manifest["sources"]["bg"])
    listed = {BACKGROUND: manifest["backgrounds"]} | {
        split: [entry for entry in manifest["shards"] if entry["split"] == split]
        for split in SPLITS
    }
    for split, count in counts.items():
        in_order = sorted(listed[split], key=lambda entry: (len(entry["name"]), entry["name"]))
        _check_listed(manifest["options"], split, count, in_order)


def _check_listed(options: dict[str, Any], split: str, count: int, listed: list[Any]) -> None:
    """Raise unless a split's shards are those that its samples fill, each with its samples."""
    per_shard = options["samples_per_shard"]
    where = "backgrounds" if split == BACKGROUND else "shards"
    if len(listed) != -(-count // per_shard):
        raise WrongValueError(where, f"the shards of {count} samples of {split}", len(listed))
    for number, entry in enumerate(listed):
        name = shard_name(split, number, options["format"])
        samples = min(per_shard, count - number * per_shard)
        if (entry["name"], entry["split"], entry["samples"]) != (name, split, samples):
            raise WrongValueError(where, f"{name} with {samples} samples", entry["name"])
