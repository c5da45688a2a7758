"""A data set put on an object store: shard, then record, and dataset.json last."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joblib import delayed

from pipeline.machine.workers import results_of
from pipeline.output.target import Conversion
from pipeline.planning.plan import ShardTask, tasks_of
from shards.base.canonical_json import decode_json
from shards.base.errors import InputError, RunError
from shards.base.files import sha256_of
from shards.base.keys import record_name
from shards.places.bucket import Bucket
from shards.places.object_store import ObjectStore, put_card
from shards.places.place import Place
from shards.records.manifest import (
    MANIFEST,
    PLAN,
    equal_but_skipped,
    read_manifest,
    read_plan,
    read_record,
)


@dataclasses.dataclass(frozen=True, slots=True)
class _Upload:
    source: Place
    store: ObjectStore

    def put(self, task: ShardTask) -> int:
        """Put a shard, read it back, then put its record; the number of samples."""
        folder, name = self.source.folder, record_name(task.name)
        for file in (name, task.name):
            self.source.fetch(file)
        record, path = read_record(folder, task.name), folder / task.name
        if record is None or not path.exists() or sha256_of(path) != record.sha256:
            raise RunError(
                str(path),
                expected="a whole shard with its commit record",
                found="damage",
                remedy="run `depthmask verify --repair`, then the same command again",
            )
        bucket = self.store.bucket
        bucket.put(path, task.name)
        if bucket.sha256(task.name) != record.sha256:
            raise RunError(
                f"{self.store}/{task.name}",
                expected="the bytes that were put there",
                found="others",
                remedy="run the same command again",
            )
        bucket.write(name, (folder / name).read_bytes())
        return task.samples


def upload_dataset(
    source: Place,
    store: ObjectStore,
    *,
    workers: int | None = None,
    tick: Callable[[int], None] = lambda samples: None,
) -> Conversion:
    """Put a finished tar data set in `store`; a second call resumes where the first stopped.

    Every shard is read back and compared before its record is put; a shard whose record is there
    already is kept. InputError for LMDB, or where `store` holds another data set.
    """
    shards = source.folder
    manifest, plan = read_manifest(shards), read_plan(shards)
    if manifest["options"]["format"] == "lmdb":
        raise InputError(
            str(store),
            expected="a data set of tar shards",
            found=f"LMDB in {shards}, which no object store can open",
            remedy="`depthmask convert --format tar` first",
        )
    bucket = store.bucket
    sizes = bucket.sizes()
    if sizes and not _is_begun(bucket.read(PLAN), plan):
        raise InputError(
            str(store),
            expected="an empty place, or this data set begun before",
            found="something else",
            remedy="give another address",
        )
    bucket.write(PLAN, (shards / PLAN).read_bytes())
    tasks = tasks_of(plan)
    missing = [task for task in tasks if not _is_there(source, bucket, sizes, task)]
    done = sum(task.samples for task in tasks) - sum(task.samples for task in missing)
    tick(done)
    upload = _Upload(source.resolve(), store)
    with results_of((delayed(upload.put)(task) for task in missing), workers, "threads") as results:
        for samples in results:
            tick(samples)
    put_card(bucket, shards)
    bucket.write(MANIFEST, (shards / MANIFEST).read_bytes())
    return Conversion(
        out=Path(str(store)),
        digest=manifest["digest"],
        samples=sum(split["samples"] for split in manifest["splits"].values()),
        made=len(missing),
        kept=len(tasks) - len(missing),
    )


def _is_begun(there: bytes | None, plan: dict[str, Any]) -> bool:
    try:
        return there is not None and equal_but_skipped(decode_json(there), plan)
    except ValueError:
        return False


def _is_there(source: Place, bucket: Bucket, sizes: dict[str, int], task: ShardTask) -> bool:
    name = record_name(task.name)
    if name not in sizes:
        return False
    source.fetch(name)
    record = read_record(source.folder, task.name)
    if record is None or sizes.get(task.name) != record.bytes:
        return False
    return bucket.read(name) == (source.folder / name).read_bytes()
