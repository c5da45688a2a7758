"""Opening data sets: one folder or address, or several that are read as one."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, overload

from shards.base.option_kinds import require_kind
from shards.places.place import Place, place_of
from shards.reading.dataset import Dataset

if TYPE_CHECKING:
    from shards.reading.concat import AnyDataset


@overload
def open_dataset(path: str | Path) -> Dataset: ...


@overload
def open_dataset(path: Sequence[str | Path]) -> "AnyDataset": ...


def open_dataset(path: str | Path | Sequence[str | Path]) -> "AnyDataset":
    """The finished data set in a folder, train, val, test; several folders are read as one.

    An address (s3://bucket/name) is read through a folder below $DEPTHMASK_CACHE, which keeps
    what was fetched. InputError where there is none, or where several do not fit together.
    """
    names = [path] if isinstance(path, str | Path) else path
    members = []
    for name in names:
        place = place_of(require_kind("path", name, Path))
        place.fetch_manifest()
        members.append(Dataset(place))
    if len(members) == 1:
        return members[0]
    from shards.reading.concat import ConcatDataset

    return ConcatDataset(members)


@lru_cache(maxsize=1)
def open_for_tasks(place: Place, digest: str) -> Dataset:
    """The data set, kept for a worker's next shard; another one in its place has another digest."""
    return Dataset(place)
