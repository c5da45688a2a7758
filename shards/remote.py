"""Data sets on object stores: a local folder stands for each, and fetches what is read.

The folder has a file remote.json with the address. Objects are whole or absent by nature, so a
shard is put first and its record after it, as on a disk; there are no locks. LMDB is refused.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from shards.codecs import document
from shards.errors import InputError, RunError
from shards.files import publish, sha256_of, temporary_beside, write_atomic
from shards.manifest import MANIFEST, PLAN

REMOTE = "remote.json"
SCHEMES = ("s3", "gs", "az", "abfs")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,3}([^/].*)", re.DOTALL)
_BLOCK = 1 << 22


def url_of(place: str | Path) -> str | None:
    """The address that `place` is, also after it was a Path ("s3:/bucket/x"); None for a folder.

    Only object stores are opened: InputError for every other scheme, such as those that name
    commands to run.
    """
    match = _URL.fullmatch(str(place))
    if match is None:
        return None
    scheme, rest = match[1].lower(), match[2].rstrip("/")
    if scheme not in SCHEMES or "::" in rest:
        raise InputError(
            str(place),
            expected="a folder, or an address " + ", ".join(f"{each}://…" for each in SCHEMES),
            found=f"{scheme}://" if "::" not in rest else "a chain of addresses",
            remedy="give one of these",
        )
    return f"{scheme}://{rest}"


class Bucket:
    """The files of one data set on an object store."""

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            import fsspec

            self._files, self._root = fsspec.url_to_fs(url, use_listings_cache=False)
        except ImportError as error:
            raise InputError(
                url,
                expected="the packages that read object stores",
                found=str(error),
                remedy="pip install 'depthmask[cloud]'",
            ) from None

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    @contextmanager
    def _answering(self, name: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:  # every store's client has its own kinds
            raise RunError(
                f"{self.url}/{name}",
                expected="an object store that answers",
                found=str(error) or type(error).__name__,
                remedy="check the address and the credentials; the same command goes on",
            ) from None

    def sizes(self) -> dict[str, int]:
        """Names and bytes of all files."""
        with self._answering(""):
            try:
                entries: list[dict[str, Any]] = self._files.ls(self._root, detail=True)
            except FileNotFoundError:
                return {}
        return {
            entry["name"].rpartition("/")[2]: int(entry["size"])
            for entry in entries
            if entry["type"] == "file"
        }

    def read(self, name: str) -> bytes | None:
        """The bytes of a small file; None where there is none."""
        with self._answering(name):
            try:
                data: bytes = self._files.cat_file(self._at(name))
            except FileNotFoundError:
                return None
        return data

    def write(self, name: str, data: bytes) -> None:
        """Put a small file, whole or not at all."""
        with self._answering(name):
            self._files.pipe_file(self._at(name), data)

    def delete(self, name: str) -> None:
        """Take a file away, if it is there."""
        with self._answering(name):
            if self._files.exists(self._at(name)):
                self._files.rm_file(self._at(name))

    def put(self, local: Path, name: str) -> None:
        """Put a large file."""
        with self._answering(name):
            self._files.put_file(str(local), self._at(name))

    def get(self, name: str, local: Path) -> None:
        """Fetch a file to `local`, which appears whole; RunError where there is none."""
        temporary = temporary_beside(local)
        try:
            with self._answering(name):
                self._files.get_file(self._at(name), str(temporary))
            publish(temporary, local)
        except FileNotFoundError:
            raise RunError(
                f"{self.url}/{name}",
                expected="this file",
                found="none",
                remedy="finish the data set where it was built",
            ) from None
        finally:
            temporary.unlink(missing_ok=True)

    def sha256(self, name: str) -> str:
        """SHA-256 of a file as the store gives it."""
        digest = hashlib.sha256()
        with self._answering(name), self._files.open(self._at(name), "rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
        return digest.hexdigest()


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
