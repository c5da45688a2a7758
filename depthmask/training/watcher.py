"""Observers of a training's progress."""

from typing import Protocol


class TrainWatcher(Protocol):
    """What a training reports: the command line shows it."""

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        """A step was made: `done` of the schedule, `waited` of the epoch's time for data."""

    def scoring(self, split: str, done: int, total: int) -> None:
        """After an epoch, `done` of `total` samples of a split are scored."""

    def epoch_ended(self, row: dict[str, float]) -> None:
        """An epoch was evaluated; `row` is its line of metrics.csv."""


class SilentTrainWatcher:
    """A watcher that shows nothing."""

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        """Nothing."""

    def scoring(self, split: str, done: int, total: int) -> None:
        """Nothing."""

    def epoch_ended(self, row: dict[str, float]) -> None:
        """Nothing."""
