"""A place: where a data set is stored. Text becomes one here and nowhere else."""

import hashlib
import os
import re
from pathlib import Path

from shards.base.errors import InputError
from shards.places.local_folder import LocalFolder
from shards.places.object_store import ObjectStore

SCHEMES = ("s3", "gs", "az", "abfs")

_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/{1,3}([^/].*)", re.DOTALL)

Place = LocalFolder | ObjectStore
"""Both have the same methods: see `LocalFolder` for what they mean."""


def place_of(text: str | Path) -> Place:
    """The folder or address that `text` names; nothing is opened or made.

    A Path that has shortened an address ("s3:/bucket/x") is still that address. Only object stores
    are addresses: InputError for any other scheme, since some of them run commands.
    """
    match = _URL.fullmatch(str(text))
    if match is None:
        return LocalFolder(Path(text))
    scheme, rest = match[1].lower(), match[2].rstrip("/")
    if scheme not in SCHEMES or "::" in rest:
        raise InputError(
            str(text),
            expected="a folder, or an address " + ", ".join(f"{each}://…" for each in SCHEMES),
            found=f"{scheme}://" if "::" not in rest else "a chain of addresses",
            remedy="give one of these",
        )
    url = f"{scheme}://{rest}"
    return ObjectStore(url, _cache() / hashlib.sha256(url.encode()).hexdigest()[:16])


def _cache() -> Path:
    return Path(os.environ.get("DEPTHMASK_CACHE") or Path.home() / ".cache" / "depthmask")
