"""What is wrong with a data set, in words and in JSON."""

import dataclasses
from pathlib import Path
from typing import Any

from pipeline.planning.plan import ShardTask
from shards.base.errors import RunError
from shards.records.manifest import MANIFEST

MISSING = "missing"
"""What is wrong with a dataset.json that is not there."""


@dataclasses.dataclass(frozen=True, slots=True)
class BrokenShard:
    """A broken shard and what is wrong with it."""

    name: str
    reason: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What `verify_dataset` found.

    `broken` shards are damaged or gone, `unmade` ones were never finished, `foreign` files look
    like shards or records and belong to none; `manifest` says what is wrong with dataset.json.
    `not_redrawn` shards were not drawn again: they were made under other versions than those here.
    """

    tasks: tuple[ShardTask, ...]
    broken: tuple[BrokenShard, ...]
    unmade: int
    foreign: tuple[str, ...]
    manifest: str | None
    not_redrawn: int = 0

    @property
    def names(self) -> list[str]:
        """Everything broken by name: shards, then foreign files."""
        return [damage.name for damage in self.broken] + list(self.foreign)

    @property
    def sound(self) -> bool:
        """Whether the data set is finished and nothing is wrong with it."""
        return not (self.names or self.unmade or self.manifest)

    def lines(self) -> list[str]:
        """What was found, for a person."""
        lines = [f"{damage.name}: {damage.reason}" for damage in self.broken]
        lines += [f"{name}: no file of this data set" for name in self.foreign]
        if self.not_redrawn:
            lines.append(f"{self.not_redrawn:,} shards not drawn again: made under other versions")
        if self.manifest:
            lines.append(f"{MANIFEST}: {self.manifest}")
        if self.unmade:
            lines.append(f"{self.unmade:,} of {len(self.tasks):,} shards are still to make")
        if self.sound:
            lines.append(f"{len(self.tasks):,} shards are as their records say")
        return lines

    def to_json(self) -> dict[str, Any]:
        """What was found, JSON-ready."""
        return {
            "sound": self.sound,
            "shards": len(self.tasks),
            "unmade": self.unmade,
            "broken": [dataclasses.asdict(damage) for damage in self.broken],
            "foreign": list(self.foreign),
            "manifest": self.manifest,
            "not_redrawn": self.not_redrawn,
        }

    def require_sound(self, shards: Path) -> None:
        """RunError unless the data set is sound."""
        if self.sound:
            return
        unfinished = not self.names and (self.unmade or self.manifest == MISSING)
        raise RunError(
            str(shards),
            expected="a finished data set, every shard as its record says",
            found=f"{len(self.names)} broken" if self.names else self.lines()[-1],
            remedy="the same build-dataset again finishes it"
            if unfinished
            else "--repair makes what is broken again, and only that",
        )
