"""Checks a shard against its record, dataset.json and the plan; reports the first mismatch."""

import dataclasses
import functools
import stat
from pathlib import Path
from typing import Any

from shards.base.canonical_json import decode_json
from shards.base.errors import DamagedShardError, InputError
from shards.base.files import sha256_of
from shards.base.keys import BACKGROUND, keys_from, record_name
from shards.base.retrying import is_passing, retry_passing
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.pixels.fields import DECODERS, UNSUMMED, field_moments
from shards.pixels.moments import NOTHING, Moments
from shards.records.layout import ShardTask, carries_background, keeps_instances
from shards.records.manifest import Record, build_id, largest_values, read_record
from shards.stores.table import Shard, open_hashed

UNDECODABLE = (
    DamagedShardError, ValueError, OSError, SyntaxError, EOFError, KeyError, IndexError,
)  # fmt: skip
"""What reading damaged bytes can raise; an OSError also where they cannot be read now."""

_MISSING = "the shard is missing"
_OTHER_BYTES = "its SHA-256 is not that of its record"


class AuditError(Exception):
    """A shard that is damaged or does not fit the plan; the message says how."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What holds for every shard of a data set."""

    build: str
    format: str
    size: Size
    fields: tuple[str, ...]
    depth: DepthCoding | None
    largest: dict[str, int]

    @classmethod
    def of(cls, plan: dict[str, Any]) -> "Rules":
        """The rules that plan.json sets."""
        options, depth = plan["options"], plan["depth"]
        fields = {"image.jpg", "json", "mask.png"}
        if depth is not None:
            fields.add("depth.png16" if options["depth_format"] == "png16" else "depth.jpg")
        if carries_background(options):
            fields.add("background.jpg")
        if keeps_instances(options):
            fields.add("instances.png")
        return cls(
            build=build_id(plan),
            format=options["format"],
            size=(options["size"][0], options["size"][1]),
            fields=tuple(sorted(fields)),
            depth=None if depth is None else DepthCoding.from_json(depth),
            largest=largest_values(depth),
        )

    def fields_of(self, split: str) -> tuple[str, ...]:
        """The fields of a sample, or of a background, in order."""
        return ("background.jpg", "json") if split == BACKGROUND else self.fields

    def size_of(self, field: str) -> Size:
        """The (width, height) of a field's pictures."""
        is_depth = field.startswith("depth.") and self.depth is not None
        return self.depth.size if is_depth and self.depth is not None else self.size


def audit_shard(
    folder: Path, task: ShardTask, rules: Rules, entry: dict[str, Any] | None, *, deep: bool
) -> None:
    """Raise AuditError unless a shard is whole: record, bytes, keys and fields.

    RunError where its files cannot be read at the moment, which does not mean damage.

    `entry` is the shard's in dataset.json, if there is one. `deep` decodes every picture and sums
    the moments again.
    """
    record = _audit_record(folder, task, rules, entry)
    path = folder / task.name
    try:
        about = retry_passing(path, path.stat)
    except FileNotFoundError:
        raise AuditError(_MISSING) from None
    if not stat.S_ISREG(about.st_mode):
        raise AuditError("no regular file")
    if about.st_size != record.bytes:
        raise AuditError(f"{about.st_size:,} bytes instead of {record.bytes:,}")
    shard = _open_recorded(path, task, rules, record)
    try:
        if tuple(sorted(shard.fields)) != rules.fields_of(task.split):
            raise AuditError("samples with the fields " + ", ".join(shard.fields))
        if deep:
            _audit_pixels(shard, task, rules, record)
    finally:
        shard.close()


def _open_recorded(path: Path, task: ShardTask, rules: Rules, record: Record) -> Shard:
    """The shard, once its bytes are those of its record and its structure holds."""
    keys = keys_from(task.split, task.first)
    try:
        shard, found = open_hashed(rules.format, path, keys, task.samples)
    except DamagedShardError as error:
        try:
            whole = retry_passing(path, functools.partial(sha256_of, path)) == record.sha256
        except FileNotFoundError:
            raise AuditError(_MISSING) from None
        raise AuditError(str(error) if whole else _OTHER_BYTES) from None
    if found != record.sha256:
        shard.close()
        raise AuditError(_OTHER_BYTES)
    return shard


def _audit_record(
    folder: Path, task: ShardTask, rules: Rules, entry: dict[str, Any] | None
) -> Record:
    try:
        record = read_record(folder, task.name)
    except InputError:
        raise AuditError(f"{record_name(task.name)} is damaged") from None
    if record is None:
        raise AuditError("no commit record")
    facts = (record.build, record.name, record.split, record.samples, record.first, record.last)
    last = task.first + task.samples - 1
    if facts != (rules.build, task.name, task.split, task.samples, task.first, last):
        raise AuditError("its record does not fit the plan")
    if entry is not None and entry != record.entry():
        raise AuditError("its record disagrees with dataset.json")
    if not all(sums.fits(rules.largest.get(name, 0)) for name, sums in record.sums.items()):
        raise AuditError("its record has sums that no pixels have")
    return record


def _audit_pixels(shard: Shard, task: ShardTask, rules: Rules, record: Record) -> None:
    key_of = keys_from(task.split, task.first)
    sums: dict[str, Moments] = {}
    place = task.name
    try:
        for row, fields in enumerate(shard.rows()):
            for field, data in fields.items():
                place = f"{key_of(row)}.{field}"
                if field == "json":
                    _audit_facts(decode_json(data), task, row)
                    continue
                name, moments = field.partition(".")[0], _moments(field, data, rules)
                if field not in UNSUMMED:
                    sums[name] = sums.get(name, NOTHING) + moments
            place = task.name
    except UNDECODABLE as error:
        if is_passing(error):
            raise
        raise AuditError(f"{place}: {error}") from None
    if any(record.sums.get(name) != moments for name, moments in sums.items()):
        raise AuditError("its pixels do not have the sums of its record")


def _moments(field: str, data: bytes, rules: Rules) -> Moments:
    return field_moments(DECODERS[field](data, rules.size_of(field)))


def _audit_facts(facts: dict[str, Any], task: ShardTask, row: int) -> None:
    if task.split == BACKGROUND:
        return
    found, wanted = (facts.get("split"), facts.get("position")), (task.split, task.first + row)
    if found != wanted:
        raise ValueError(f"it says {found[0]} {found[1]}")
