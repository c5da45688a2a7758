"""What plan.json, a commit record and dataset.json must look like, checked before any is used.

A data set may come from a stranger, or from a disk that lost a block.
"""

from typing import Any

from shards.base.checks import (
    WrongValueError,
    listing,
    mapping,
    one_of,
    or_none,
    real,
    table,
    text,
    whole,
)
from shards.base.formats import FORMATS
from shards.base.keys import BACKGROUND, SPLITS, shard_name
from shards.base.names import stays_below
from shards.records.layout import carries_background
from shards.records.option_schema import check_options, check_size, check_stored_options

_MOST_SAMPLES = 10**9


def _source_name(value: Any, where: str) -> None:
    if not isinstance(value, str) or not stays_below(value):
        raise WrongValueError(where, "the path of a file below its folder", value)


_anything = text(".*", "text")
_sha256 = text("[0-9a-f]{64}", "a SHA-256 in hexadecimal")
_shard = text(
    rf"({'|'.join((*SPLITS, BACKGROUND))})-[0-9]{{6}}\.({'|'.join(FORMATS)})", "the name of a shard"
)
_count = whole(0, _MOST_SAMPLES)
_split = one_of(*SPLITS, BACKGROUND)
_side = whole(1, 10**7)
_size = whole(1, 2**60)  # not 0: a pipe, which would block for ever

_source = table(
    {
        "name": _source_name,
        "sha256": _sha256,
        "size": listing(_side, 2, 2),
        "alpha": or_none(table({"name": _source_name, "sha256": _sha256})),
        "part": or_none(whole(0, 100)),
        "category": or_none(_anything),
        "group": _anything,
        "split": one_of(*SPLITS, "both"),
    }
)
check_depth = table(
    {
        "kind": one_of("metric", "inverse"),
        "unit": _anything,
        "bits": whole(1, 16),
        "size": listing(whole(1, 4096), 2, 2),
        "scale": real(1e-30, 1e30),
        "offset": real(-1e30, 1e30),
    }
)
"""Checks the meaning of depth codes: what `DepthCoding` holds, as a table."""

_teacher = table({"name": _anything, "weights_sha256": _anything})
_plan = table(
    {
        "options": check_options,
        "sources": table(
            {"fg": listing(_source, 1), "bg": listing(_source, 1)},
            {"distractors": listing(_source, 1)},
        ),
        "categories": listing(_anything, 1),
        "skipped": listing(table({"path": _anything, "reason": _anything})),
        "teacher": or_none(_teacher),
        "depth": or_none(check_depth),
        "versions": table({}),
    }
)
_taken_over = table(
    {
        "taken_over": table(
            {"samples": table(dict.fromkeys(SPLITS, _count)), "files": _sha256},
            {"masks_of_two_values": one_of(True)},
        ),
        "options": check_stored_options,
        "sources": table({"fg": listing(_source, 0, 0), "bg": listing(_source, 1)}),
        "categories": listing(_anything, 0, 0),
        "skipped": listing(_anything, 0, 0),
        "teacher": or_none(_teacher),
        "depth": or_none(check_depth),
        "versions": table({}),
    }
)
_folders = table(
    {
        "samples": table(dict.fromkeys(SPLITS, _count)),
        "size": check_size,
        "depth": or_none(check_depth),
        "digest": _sha256,
    }
)
_MIXED = {"versions": mapping(_anything)}
"""Only in shards that were made under other versions than those of plan.json."""

_entry = table(
    {"name": _shard, "split": _split, "samples": _count, "bytes": _size, "sha256": _sha256}, _MIXED
)
_channel = listing(whole(0, 2**80), 3, 3)
_sums = table(
    {},
    {
        "image": listing(_channel, 3, 3),
        "background": listing(_channel, 3, 3),
        "mask": listing(_channel, 1, 1),
        "depth": listing(_channel, 1, 1),
    },
)
_RECORD = {
    "build": _sha256,
    "name": _shard,
    "split": _split,
    "samples": whole(1, 10**6),
    "bytes": _size,
    "sha256": _sha256,
    "first": _count,
    "last": _count,
    "sums": _sums,
    "clipped": whole(0, 2**63),
}
_moments = table({"mean": listing(real(0, 1), 1, 3), "std": listing(real(0, 1), 1, 3)})
_of_fields = dict.fromkeys(("image", "mask", "depth", "background"), _moments)
_stats = table({"splits": table({split: table({}, _of_fields) for split in SPLITS})}, _of_fields)
_manifest = table(
    {
        "splits": table({s: table({"samples": _count, "shards": _count}) for s in SPLITS}),
        "shards": listing(_entry),
        "backgrounds": listing(_entry),
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
    if depth is not None and any(
        side > most for side, most in zip(depth["size"], options["size"], strict=True)
    ):
        raise WrongValueError("depth.size", f"at most {options['size']}", depth["size"])
    if depth is not None and plan["teacher"] is None:
        raise WrongValueError("teacher", "what gave the depth", "none")


def check_folders(facts: Any) -> None:
    """Raise WrongValueError unless `facts` is what folders.json may hold."""
    _folders(facts, "")


def check_record(record: Any) -> None:
    """Raise WrongValueError unless `record` is what a commit record may hold."""
    table(_RECORD, _MIXED)(record, "")
    for name in record:
        if name not in _RECORD and name not in _MIXED:
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
    if not any(counts.values()):
        raise WrongValueError("splits", "at least one sample", "none")
    apart = not carries_background(manifest["options"])
    counts[BACKGROUND] = len(manifest["sources"]["bg"]) if apart else 0
    listed = {BACKGROUND: manifest["backgrounds"]} | {
        split: [entry for entry in manifest["shards"] if entry["split"] == split]
        for split in SPLITS
    }
    for split, count in counts.items():
        in_order = sorted(listed[split], key=lambda entry: (len(entry["name"]), entry["name"]))
        _check_listed(manifest["options"], split, count, in_order)
    for split in SPLITS:
        shards = manifest["splits"][split]["shards"]
        if shards != len(listed[split]):
            raise WrongValueError(f"splits.{split}.shards", str(len(listed[split])), shards)


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
