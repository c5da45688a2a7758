"""Rows that come shard by shard and end up together in one file, never all in memory."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from pipeline.labels.form import Document
from shards.base.files import folder_within, publish, temporary_beside


class TablesOnDisk:
    """Rows by table, in temporary files of `folder` until the `with` block is left."""

    def __init__(self, folder: Path, separator: bytes) -> None:
        self._folder, self._separator = folder, separator
        self._tables: dict[str, Path] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for path in self._tables.values():
            path.unlink(missing_ok=True)

    def add(self, rows: Mapping[str, list[bytes]]) -> None:
        """Append rows to their tables, in the order that they come in."""
        for name, of_table in rows.items():
            if not of_table:
                continue
            begun = name in self._tables
            path = self._tables.setdefault(name, temporary_beside(self._folder / "rows"))
            with path.open("ab") as file:
                file.write(self._separator * begun + self._separator.join(of_table))

    def write(self, document: Document) -> None:
        """Write a file of tables and other bytes below the folder, whole or not at all."""
        *folders, name = document.path.split("/")
        path = folder_within(self._folder, *folders) / name
        temporary = temporary_beside(path)
        try:
            with temporary.open("wb") as file:
                for part in document.parts:
                    if isinstance(part, bytes):
                        file.write(part)
                    elif part in self._tables:
                        with self._tables[part].open("rb") as table:
                            shutil.copyfileobj(table, file)
            publish(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
