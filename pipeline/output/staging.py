"""A build on an object store: shards are put as they are made.

A local folder has plan and records, but the store is the truth: the folder is brought up to date
from it before a build begins. So any machine can resume, and parts on many machines need no shared
disk.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from pipeline.planning.options import BuildOptions
from shards.base.canonical_json import decode_json
from shards.base.errors import InputError, RunError
from shards.base.files import write_atomic
from shards.base.keys import record_name
from shards.places.cache import REMOTE, bucket_of, cached_folder
from shards.places.object_store import Bucket, url_of
from shards.records.card import CARD, is_free
from shards.records.manifest import MANIFEST, PLAN, build_id

_AT_ONCE = 16


def staged_folder(options: BuildOptions) -> Path:
    """The folder to build in: --out itself, or the cache folder of an address, up to date."""
    address = url_of(options.out)
    if address is None:
        return options.out
    for wrong, option in (
        (options.format == "lmdb", "--format lmdb"),
        (options.engine == "ray", "--engine ray"),
        (options.overwrite, "--overwrite"),
    ):
        if wrong:
            raise InputError(
                f"--out {address}",
                expected="tar shards, built by processes of this machine, and no --overwrite",
                found=option,
                remedy="drop it, or build in a folder and `depthmask convert` it there",
            )
    folder = cached_folder(address)
    refresh(folder)
    return folder


def refresh(folder: Path) -> None:
    """Bring a cache folder up to date: plan, records and dataset.json from its address.

    A record counts only if its shard has the right size. Cached shards are deleted, since a build
    may change them. Does nothing for any other folder.
    """
    bucket = bucket_of(folder)
    if bucket is None:
        return
    sizes = bucket.sizes()
    if sizes and PLAN not in sizes:
        raise InputError(
            bucket.url,
            expected="an empty place, or a depthmask data set",
            found="something else",
            remedy="give another address",
        )
    records = [record_name(name) for name in sizes if name.endswith(".tar")]
    names = [name for name in (PLAN, MANIFEST, *records) if name in sizes]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = dict(zip(names, pool.map(bucket.read, names), strict=True))
    for path in [*folder.glob("*.json"), *folder.glob("*.tar")]:
        if path.name not in found and path.name != REMOTE:
            path.unlink(missing_ok=True)
    for name, data in found.items():
        if data is not None and (name in (PLAN, MANIFEST) or _is_whole(data, sizes)):
            write_atomic(folder / name, data)


def _is_whole(record: bytes, sizes: dict[str, int]) -> bool:
    try:
        values = decode_json(record)
    except ValueError:
        return False
    return bool(sizes.get(str(values.get("name"))) == values.get("bytes"))


def put_manifest(folder: Path) -> None:
    """Put dataset.json on the object store of a cache folder, after everything else."""
    bucket = bucket_of(folder)
    if bucket is not None:
        put_plan(bucket, folder)
        put_card(bucket, folder)
        bucket.write(MANIFEST, (folder / MANIFEST).read_bytes())


def put_card(bucket: Bucket, folder: Path) -> None:
    """Put the folder's README.md there, unless either place has somebody else's."""
    card = folder / CARD
    if card.is_file() and is_free(card.read_bytes()) and is_free(bucket.read(CARD)):
        bucket.write(CARD, card.read_bytes())


def put_plan(bucket: Bucket, folder: Path) -> None:
    """Put plan.json before anything else; if it grows, dataset.json is deleted first."""
    ours, theirs = (folder / PLAN).read_bytes(), bucket.read(PLAN)
    if ours == theirs:
        return
    if theirs is not None and _identity_of(theirs) != _identity_of(ours):
        raise RunError(
            bucket.url,
            expected="the data set that was begun here",
            found="another one, begun in the meantime",
            remedy="give another address",
        )
    bucket.delete(MANIFEST)
    bucket.write(PLAN, ours)


def _identity_of(plan: bytes) -> tuple[str, Any] | None:
    """The build id and versions of a plan.json; None where it is damaged."""
    try:
        values = decode_json(plan)
        return build_id(values), values["versions"]
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
