"""The observer of a build's progress."""

from collections.abc import Sequence
from typing import Protocol

from pipeline.machine.counters import Counters
from pipeline.planning.plan import Plan, ShardTask
from pipeline.sources.source import Skipped


class Watcher(Protocol):
    """What a build reports: the command line shows it, the default is silent."""

    def checking(self, role: str, done: int, total: int) -> None:
        """`done` of `total` files of a role ("fg", "bg", "distractors") are checked."""

    def remark(self, role: str, name: str, words: str) -> None:
        """A picture of a role is used, but may not be what was meant."""

    def planned(
        self, plan: Plan, skipped: Sequence[Skipped], tasks: Sequence[ShardTask], missing: int
    ) -> None:
        """The plan stands; of the `tasks` that are this build's, `missing` are to be made."""

    def building(self, total: int, counters: Counters) -> None:
        """Shards with `total` samples are being made; `counters.total()` says what is done."""

    def finished(self) -> None:
        """No more shards are being made, whatever the reason."""


class SilentWatcher:
    """A watcher that shows nothing."""

    def checking(self, role: str, done: int, total: int) -> None:
        """Nothing."""

    def remark(self, role: str, name: str, words: str) -> None:
        """Nothing."""

    def planned(
        self, plan: Plan, skipped: Sequence[Skipped], tasks: Sequence[ShardTask], missing: int
    ) -> None:
        """Nothing."""

    def building(self, total: int, counters: Counters) -> None:
        """Nothing."""

    def finished(self) -> None:
        """Nothing."""
