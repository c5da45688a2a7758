"""One shard from one store to another, every sample compared before the new one counts."""

import dataclasses
from pathlib import Path

from shards.base.errors import RunError
from shards.base.files import publish, temporary_beside
from shards.base.keys import keys_from, record_name
from shards.base.size import Size
from shards.places.place import Place
from shards.records.layout import ShardTask
from shards.records.manifest import Record, read_record, write_record
from shards.stores.table import Shard, open_hashed, open_shard, open_writer
from shards.writing.shard_writer import payload_bound


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Transfer:
    """From a data set in `source` to the same one in another `format`, the build `build`."""

    source: Place
    source_format: str
    out: Path
    format: str
    build: str
    size: Size

    def move(self, task: ShardTask) -> Record:
        """Write a shard of the new data set with its record; `task` names the new one.

        The fields' bytes are the same, so is what a plain build in the new format would give.
        RunError where the old shard is damaged.
        """
        name = f"{task.name.rpartition('.')[0]}.{self.source_format}"
        record, old = self._open_whole(name, task)
        keys = keys_from(task.split, task.first)
        temporary = temporary_beside(self.out / task.name)
        try:
            size, sha256 = self._copy(old, task, temporary)
            new = open_shard(self.format, temporary, keys, task.samples)
            try:
                _require_equal(old, new, task)
            finally:
                new.close()
            publish(temporary, self.out / task.name)
        finally:
            old.close()
            temporary.unlink(missing_ok=True)
        moved = dataclasses.replace(
            record, build=self.build, name=task.name, bytes=size, sha256=sha256
        )
        write_record(self.out, moved)
        return moved

    def _open_whole(self, name: str, task: ShardTask) -> tuple[Record, Shard]:
        """The old shard and its record, once they are there and fit each other."""
        for file in (record_name(name), name):
            self.source.fetch(file)
        record = read_record(self.source.folder, name)
        path = self.source.folder / name
        if record is not None and path.exists():
            keys = keys_from(task.split, task.first)
            shard, found = open_hashed(self.source_format, path, keys, task.samples)
            if found == record.sha256:
                return record, shard
            shard.close()
        raise RunError(
            str(path),
            expected="a whole shard with its commit record",
            found="damage",
            remedy="run `depthmask verify --repair`, then the same command again",
        )

    def _copy(self, old: Shard, task: ShardTask, temporary: Path) -> tuple[int, str]:
        capacity = payload_bound(task.split, task.samples, self.size)
        writer = open_writer(self.format, temporary, capacity)
        key_of = keys_from(task.split, task.first)
        try:
            for row, fields in enumerate(old.rows()):
                writer.add(key_of(row), fields)
        except BaseException:
            writer.abort()
            raise
        return writer.close()


def _require_equal(old: Shard, new: Shard, task: ShardTask) -> None:
    for row, (wanted, found) in enumerate(zip(old.rows(), new.rows(), strict=True)):
        for field, data in wanted.items():
            if found.get(field) != data:
                raise RunError(
                    f"{task.name}, sample {task.first + row}",
                    expected=f"the {field} that was written",
                    found="other bytes",
                    remedy="check the disk, then run the same command again",
                )
