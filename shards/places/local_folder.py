"""A data set in a folder of this machine, or of a disk that machines share."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from shards.places.outputs import require_folder
from shards.records.manifest import Record


@dataclasses.dataclass(frozen=True, slots=True)
class LocalFolder:
    """A folder that holds the whole data set, so there is nothing to fetch or to publish."""

    folder: Path
    """Where plan.json, records, dataset.json and the log are on this machine."""

    keeps_shards: ClassVar[bool] = True
    """Whether the shards are in `folder` too: a record there then counts only with its shard."""

    def __str__(self) -> str:
        return str(self.folder)

    def resolve(self) -> "LocalFolder":
        """The same place for a process with another working folder."""
        return LocalFolder(self.folder.resolve())

    def is_known(self) -> bool:
        """Whether looking there reaches nobody that this user has not asked before."""
        return True

    def require_writable(self, option: str = "--out") -> None:
        """InputError or RunError, naming `option`, where no data set can be written."""
        require_folder(self.folder, option)

    def fetch_manifest(self) -> None:
        """Bring plan.json and dataset.json of a finished data set up to date, for reading it."""

    def fetch(self, name: str, sha256: str | None = None) -> None:
        """Have a file in `folder`, if there is one; RunError where it arrives with other bytes."""

    def refresh(self) -> None:
        """Bring plan.json, records and dataset.json up to date, for building there."""

    @contextmanager
    def shard_folder(self) -> Iterator[Path]:
        """A folder in which to make a shard and its record."""
        yield self.folder

    def publish_shard(self, made: Path, record: Record) -> None:
        """Put a shard that was made in the folder `made`, then its record."""

    def publish_manifest(self) -> None:
        """Put dataset.json, after everything else."""
