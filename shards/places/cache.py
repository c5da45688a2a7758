"""Data sets on object stores: a local folder stands for each, and fetches what is read.

The folder has a file remote.json with the address. Objects are whole or absent by nature, so a
shard is put first and its record after it, as on a disk; there are no locks. LMDB is refused.
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
    """The folder that a place is, or the one below $DEPTHMASK_CACHE that stands for an address.

    plan.json and dataset.json are fetched at once, shards when they are first read. A data set
    that changed since empties its folder. InputError where there is no finished one.
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
            if path.name != REMOTE and not path.name.startswith("."):  # what others write or hold
                path.unlink(missing_ok=True)
        for name, data in fresh.items():
            if data is not None:
                write_atomic(folder / name, data)
    return folder


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def was_opened(url: str) -> bool:
    """Whether this user has opened an address before: the cache has a folder for it."""
    return _place(url).is_dir()


def _place(url: str) -> Path:
    return _cache() / hashlib.sha256(url.encode()).hexdigest()[:16]


def cached_folder(url: str) -> Path:
    """The folder of the cache that stands for an address, as it is."""
    folder = _place(url)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / REMOTE, document({"url": url}))
    return folder


def _cache() -> Path:
    return Path(os.environ.get("DEPTHMASK_CACHE") or Path.home() / ".cache" / "depthmask")


def address_of(folder: Path) -> str | None:
    """The address that a folder of the cache stands for; None for every other folder.

    A remote.json elsewhere is no word of ours: a data set from a stranger opens no address.
    """
    path = folder / REMOTE
    if not path.exists() or folder.resolve().parent != _cache().resolve():
        return None
    url: str = json.loads(path.read_bytes())["url"]
    return url


def bucket_of(folder: Path) -> Bucket | None:
    """The object store that a folder of the cache stands for; None for every other folder."""
    url = address_of(folder)
    return None if url is None else Bucket(url)


def fetch(folder: Path, name: str, sha256: str | None = None) -> None:
    """Have a file in `folder`: fetched, where the folder stands for an address and lacks it.

    RunError where what comes does not have the `sha256`.
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
