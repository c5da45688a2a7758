"""The JSON files of a data set: plan.json first, a commit record a shard, dataset.json last."""

import dataclasses
import hashlib
import json
import stat
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from shards.base.canonical_json import document
from shards.base.checks import WrongValueError
from shards.base.errors import InputError
from shards.base.files import create_if_absent, sync, write_atomic
from shards.base.keys import BACKGROUND, SPLITS, record_name
from shards.base.retrying import retry_passing
from shards.pixels.depth_coding import DepthCoding
from shards.pixels.moments import NOTHING, Moments
from shards.records.card import write_card
from shards.records.schema import check_manifest, check_plan, check_record
from shards.records.stats import stats_of_sums

FORMAT = 2
PLAN, MANIFEST, LOG = "plan.json", "dataset.json", "build.log.jsonl"
_REMEDY = "fetch the data set again, or build it again from its sources"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """The facts of one finished shard; a shard without its record does not exist.

    `versions` are those it was made under where plan.json says otherwise (`--allow-mixed`).
    """

    build: str
    name: str
    split: str
    samples: int
    bytes: int
    sha256: str
    first: int
    last: int
    sums: dict[str, Moments]
    clipped: int
    versions: dict[str, str] = dataclasses.field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The commit record as JSON-ready values."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        if not self.versions:
            del values["versions"]
        return values | {"sums": {name: sums.to_json() for name, sums in self.sums.items()}}

    def entry(self) -> dict[str, Any]:
        """The shard's entry in dataset.json."""
        facts = {key: getattr(self, key) for key in ("name", "split", "samples", "bytes", "sha256")}
        return facts | {"versions": self.versions} if self.versions else facts

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Record":
        """The inverse of `to_json`."""
        sums = {name: Moments.from_json(rows) for name, rows in values["sums"].items()}
        return cls(**(values | {"sums": sums}))


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name}, which is no JSON")


def _read_json(path: Path, remedy: str) -> Any:
    """The contents of a JSON file; RunError where it cannot be read at the moment.

    Such a file is neither absent nor damaged.
    """

    def read() -> bytes:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError("no regular file")
        return path.read_bytes()

    try:
        return json.loads(retry_passing(path, read), parse_constant=_refuse_constant)
    except FileNotFoundError:
        raise InputError(str(path), expected="this file", found="none", remedy=remedy) from None
    except (ValueError, RecursionError) as error:
        raise InputError(
            str(path), expected="readable JSON", found=str(error), remedy=remedy
        ) from None


def _require(path: Path, values: Any, check: Callable[[Any], None], remedy: str) -> None:
    try:
        check(values)
    except WrongValueError as error:
        raise InputError(
            f"{path}: {error.where}", expected=error.expected, found=error.found, remedy=remedy
        ) from None


def build_id(plan: dict[str, Any]) -> str:
    """SHA-256 of everything in plan.json that decides the samples; every commit record has it.

    All but `samples`, `skipped` and `versions`: a sample's bytes do not depend on the number of
    samples or on skipped files, so shards outlive the growth of their data set. Versions are
    compared when a build resumes (`--allow-mixed`).
    """
    meaning = {name: plan[name] for name in plan.keys() - {"skipped", "versions"}}
    options = {name: value for name, value in plan["options"].items() if name != "samples"}
    return hashlib.sha256(document(meaning | {"options": options})).hexdigest()


def equal_but_skipped(plan: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two plan.json are equal, apart from the files that were skipped."""
    return plan | {"skipped": []} == other | {"skipped": []}


def write_plan(folder: Path, plan: dict[str, Any]) -> bool:
    """Create plan.json unless there is one; whether this call wrote it."""
    return create_if_absent(folder / PLAN, document(plan))


def replace_plan(folder: Path, plan: dict[str, Any]) -> None:
    """Replace plan.json, after deleting dataset.json."""
    drop_manifest(folder)
    write_atomic(folder / PLAN, document(plan))


def drop_manifest(folder: Path) -> None:
    """Delete dataset.json: the data set is unfinished from then on."""
    (folder / MANIFEST).unlink(missing_ok=True)
    sync(folder)


def read_plan(folder: Path) -> dict[str, Any]:
    """The contents of plan.json; InputError where it is absent, wrong or of another format."""
    plan = _read_format(folder / PLAN, "give the --out folder of a build-dataset")
    _require(folder / PLAN, plan, check_plan, _REMEDY)
    return plan


def _read_format(path: Path, remedy: str) -> dict[str, Any]:
    values: dict[str, Any] = _read_json(path, remedy)
    found = values.get("format") if isinstance(values, dict) else None
    if found != FORMAT:
        raise InputError(
            str(path),
            expected=f"format {FORMAT}",
            found=f"format {found}",
            remedy="build it again (--overwrite): format 1 was never released"
            if found == 1
            else "read it with the depthmask version that wrote it",
        )
    return values


def write_record(folder: Path, record: Record) -> None:
    """Commit a shard: its record appears whole, after the shard itself is durable."""
    write_atomic(folder / record_name(record.name), document(record.to_json()))


def read_record(folder: Path, shard: str) -> Record | None:
    """The record of a shard, or None where there is none."""
    path = folder / record_name(shard)
    remedy = "delete this record and run the same build-dataset again"
    if not retry_passing(path, path.exists):
        return None
    values = _read_json(path, remedy)
    _require(path, values, check_record, remedy)
    return Record.from_json(values)


def digest_of(plan: dict[str, Any], entries: Iterable[dict[str, Any]]) -> str:
    """One hash for the bytes of all shards and their meaning.

    SHA-256 over a line with the build id, then lines `NAME SHA256` in order of name, of the
    `shards` and `backgrounds` of dataset.json.
    """
    lines = sorted(f"{entry['name']} {entry['sha256']}\n" for entry in entries)
    return hashlib.sha256("".join([f"{build_id(plan)}\n", *lines]).encode("ascii")).hexdigest()


def largest_values(depth: dict[str, Any] | None) -> dict[str, int]:
    """The stored value that stands for 1.0, by field."""
    largest = {"image": 255, "mask": 255, "background": 255}
    return largest if depth is None else largest | {"depth": DepthCoding.from_json(depth).largest}


def merge_stats(records: Sequence[Record], depth: dict[str, Any] | None) -> dict[str, Any]:
    """The `stats` entry: mean and std of each field, over all samples and by split."""
    sums: dict[str, dict[str, Moments]] = {split: {} for split in SPLITS}
    for record in records:
        if record.split != BACKGROUND:
            of_split = sums[record.split]
            for field, moments in record.sums.items():
                of_split[field] = of_split.get(field, NOTHING) + moments
    return stats_of_sums(sums, largest_values(depth))


def make_manifest(plan: dict[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    """dataset.json: plan.json plus splits, shards, backgrounds, stats and digest."""
    ordered = sorted(records, key=lambda record: record.name)
    entries = [(record.split, record.entry()) for record in ordered]
    shards = [entry for split, entry in entries if split != BACKGROUND]
    return plan | {
        "splits": {
            split: {
                "samples": sum(s["samples"] for s in shards if s["split"] == split),
                "shards": sum(1 for s in shards if s["split"] == split),
            }
            for split in SPLITS
        },
        "shards": shards,
        "backgrounds": [entry for split, entry in entries if split == BACKGROUND],
        "stats": merge_stats(ordered, plan["depth"]),
        "digest": digest_of(plan, (entry for _, entry in entries)),
    }


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the card, then dataset.json, whole: the data set is complete from then on."""
    write_card(folder, manifest)
    write_atomic(folder / MANIFEST, document(manifest))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The contents of dataset.json; InputError where the folder is no finished data set."""
    _read_format(folder / PLAN, "give the --out folder of a build-dataset")
    manifest = _read_format(
        folder / MANIFEST, "finish it: run the same build-dataset command again"
    )
    _require(folder / MANIFEST, manifest, check_manifest, _REMEDY)
    return manifest
