"""A data set at an address, behind a local folder that holds what was fetched or made of it.

An object is either whole or absent, so a shard is put first and its record second, as on a disk.
There are no locks. LMDB is refused.
"""

import dataclasses
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

from shards.base.canonical_json import decode_json
from shards.base.errors import InputError, RunError
from shards.base.files import write_atomic
from shards.base.keys import record_name
from shards.base.retrying import retry_passing
from shards.base.scratch import Scratch
from shards.places.bucket import Bucket
from shards.records.card import CARD, is_free
from shards.records.manifest import MANIFEST, PLAN, Record, build_id, write_record

_AT_ONCE = 16


@dataclasses.dataclass(frozen=True, slots=True)
class ObjectStore:
    """An address and its cache folder: the store is the truth, so any machine can resume a build.

    The methods are those of `LocalFolder`.
    """

    url: str
    folder: Path

    keeps_shards: ClassVar[bool] = False

    def __str__(self) -> str:
        return self.url

    @property
    def bucket(self) -> Bucket:
        """The files there, opened by the process that asks."""
        return Bucket(self.url)

    def resolve(self) -> "ObjectStore":
        """The same place for a process with another working folder."""
        return ObjectStore(self.url, self.folder.resolve())

    def is_known(self) -> bool:
        """Whether this user has opened the address before, so that it has a cache folder."""
        return self.folder.is_dir()

    def require_writable(self, option: str = "--out") -> None:
        """The store itself answers, when it is asked first."""

    def fetch_manifest(self) -> None:
        """Fetch plan.json and dataset.json; if they have changed, drop shards that others replaced.

        InputError where no finished data set is found.
        """
        bucket = self.bucket
        fresh = {name: bucket.read(name) for name in (PLAN, MANIFEST)}
        if fresh[MANIFEST] is None:
            raise InputError(
                self.url,
                expected="a finished data set",
                found=f"no {MANIFEST}",
                remedy="put one there with `depthmask convert SHARDS ADDRESS`",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        cached = {name: _content(self.folder / name) for name in fresh}
        if cached == fresh:
            return
        same = _entries(cached[MANIFEST]) & _entries(fresh[MANIFEST])
        kept = {name for name, _ in same}
        for path in self.folder.iterdir():
            if path.name not in kept and not path.name.startswith("."):  # half-made, locks
                path.unlink(missing_ok=True)
        for name, data in fresh.items():
            if data is not None:
                write_atomic(self.folder / name, data)

    def fetch(self, name: str, sha256: str | None = None) -> None:
        """Fetch a file if the cache lacks it; RunError where it does not have the `sha256`."""
        path = self.folder / name
        if not retry_passing(path, path.exists):
            self.bucket.get(name, path, sha256)

    def refresh(self) -> None:
        """Bring plan.json, records and dataset.json up to date; delete cached shards.

        A record counts only if its shard has the right size. Shards are deleted, since a build may
        change them. InputError where the address holds something else.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        bucket = self.bucket
        sizes = bucket.sizes()
        if sizes and PLAN not in sizes:
            raise InputError(
                self.url,
                expected="an empty place, or a depthmask data set",
                found="something else",
                remedy="give another address",
            )
        records = [record_name(name) for name in sizes if name.endswith(".tar")]
        names = [name for name in (PLAN, MANIFEST, *records) if name in sizes]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            read = dict(zip(names, pool.map(bucket.read, names), strict=True))
        found = {
            name: data
            for name, data in read.items()
            if data is not None and (name in (PLAN, MANIFEST) or _is_whole(data, sizes))
        }
        for path in [*self.folder.glob("*.json"), *self.folder.glob("*.tar")]:
            if path.name not in found:
                path.unlink(missing_ok=True)
        for name, data in found.items():
            write_atomic(self.folder / name, data)

    @contextmanager
    def shard_folder(self) -> Iterator[Path]:
        """A scratch folder: the store gets a shard whole, and its record after it."""
        scratch = Scratch()
        try:
            yield scratch.path
        finally:
            scratch.remove()

    def publish_shard(self, made: Path, record: Record) -> None:
        """Put a shard that was made in the folder `made`, its record, then write that here too."""
        bucket, name = self.bucket, record_name(record.name)
        self._put_plan(bucket)
        bucket.put(made / record.name, record.name)
        bucket.write(name, (made / name).read_bytes())
        write_record(self.folder, record)

    def publish_manifest(self) -> None:
        """Put dataset.json, after everything else."""
        bucket = self.bucket
        self._put_plan(bucket)
        put_card(bucket, self.folder)
        bucket.write(MANIFEST, (self.folder / MANIFEST).read_bytes())

    def _put_plan(self, bucket: Bucket) -> None:
        """Put plan.json before anything else; if it grows, dataset.json is deleted first."""
        ours, theirs = (self.folder / PLAN).read_bytes(), bucket.read(PLAN)
        if ours == theirs:
            return
        if theirs is not None and _identity_of(theirs) != _identity_of(ours):
            raise RunError(
                self.url,
                expected="the data set that was begun here",
                found="another one, begun in the meantime",
                remedy="give another address",
            )
        bucket.delete(MANIFEST)
        bucket.write(PLAN, ours)


def put_card(bucket: Bucket, folder: Path) -> None:
    """Put a folder's README.md there, unless either place has somebody else's."""
    card = folder / CARD
    if card.is_file() and is_free(card.read_bytes()) and is_free(bucket.read(CARD)):
        bucket.write(CARD, card.read_bytes())


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _entries(manifest: bytes | None) -> set[tuple[str, str]]:
    """Name and SHA-256 of every shard in a dataset.json; none where it is damaged."""
    try:
        values = decode_json(manifest or b"")
        entries = values["shards"] + values["backgrounds"]
        return {(str(entry["name"]), str(entry["sha256"])) for entry in entries}
    except (ValueError, LookupError, TypeError, AttributeError):
        return set()


def _is_whole(record: bytes, sizes: dict[str, int]) -> bool:
    try:
        values = decode_json(record)
    except ValueError:
        return False
    return bool(sizes.get(str(values.get("name"))) == values.get("bytes"))


def _identity_of(plan: bytes) -> tuple[str, Any] | None:
    """The build id and versions of a plan.json; None where it is damaged."""
    try:
        values = decode_json(plan)
        return build_id(values), values["versions"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
