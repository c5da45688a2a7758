"""Data sets on object stores, each cached in a local folder that fetches files as they are read.

remote.json in the folder holds the address. An object is either whole or absent, so a shard is
put first and its record second, as on a disk. There are no locks. LMDB is refused.
"""

import hashlib
import json
import os
from pathlib import Path

from shards.base.canonical_json import document
from shards.base.errors import InputError, RunError
from shards.base.files import sha256_of, write_atomic
from shards.places.object_store import Bucket, url_of
from shards.records.manifest import MANIFEST, PLAN

REMOTE = "remote.json"


def local_folder(place: str | Path) -> Path:
    """The local folder of a data set: the place itself, or an address's folder in the cache.

    plan.json and dataset.json are fetched now, shards when they are first read. If the data set
    has changed since, its cache is emptied. InputError where no finished data set is found.
    """
    url = url_of(place)
    if url is None:
        return Path(place)
    bucket = Bucket(url)
    fresh = {name: bucket.read(name) for name in (PLAN, MANIFEST)}
    if fresh[MANIFEST] is None:
        raise InputError(
            url,
            expected="a finished data set",
            found=f"no {MANIFEST}",
            remedy="put one there with `depthmask convert SHARDS ADDRESS`",
        )
    folder = cached_folder(url)
    if any(_content(folder / name) != data for name, data in fresh.items()):
        for path in folder.iterdir():
            if path.name != REMOTE and not path.name.startswith("."):  # half-made, locks
                path.unlink(missing_ok=True)
        for name, data in fresh.items():
            if data is not None:
                write_atomic(folder / name, data)
    return folder


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def was_opened(url: str) -> bool:
    """Whether this user has opened an address before, so that the cache has its folder."""
    return _place(url).is_dir()


def _place(url: str) -> Path:
    return _cache() / hashlib.sha256(url.encode()).hexdigest()[:16]


def cached_folder(url: str) -> Path:
    """The cache folder of an address, made if absent; nothing is fetched."""
    folder = _place(url)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / REMOTE, document({"url": url}))
    return folder


def _cache() -> Path:
    return Path(os.environ.get("DEPTHMASK_CACHE") or Path.home() / ".cache" / "depthmask")


def address_of(folder: Path) -> str | None:
    """The address of a cache folder; None for any other folder.

    remote.json is ignored outside the cache: a stranger's data set must not open an address.
    """
    path = folder / REMOTE
    if not path.exists() or folder.resolve().parent != _cache().resolve():
        return None
    url: str = json.loads(path.read_bytes())["url"]
    return url


def bucket_of(folder: Path) -> Bucket | None:
    """The object store of a cache folder; None for any other folder."""
    url = address_of(folder)
    return None if url is None else Bucket(url)


def fetch(folder: Path, name: str, sha256: str | None = None) -> None:
    """Fetch a file into `folder`, if that is a cache folder and lacks it.

    RunError where the file that arrives does not have the `sha256`.
    """
    path = folder / name
    if path.exists():
        return
    bucket = bucket_of(folder)
    if bucket is None:
        return
    bucket.get(name, path)
    if sha256 is not None and sha256_of(path) != sha256:
        path.unlink()
        raise RunError(
            f"{bucket.url}/{name}",
            expected="the shard that dataset.json names",
            found="other bytes",
            remedy="put the data set there again with `depthmask convert`",
        )
