"""How a training shows itself: a bar with loss and rate on a terminal, a line an epoch."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn


class TrainProgress:
    """Watches a training for a person at the command line; everything goes to stderr."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("loss {task.fields[loss]:.4f}  {task.fields[rate]:.0f} images/s"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._bar = self._progress.add_task("training", total=1.0, loss=float("nan"), rate=0.0)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def stepped(self, done: float, loss: float, images_per_second: float) -> None:
        """Move the bar."""
        self._progress.update(self._bar, completed=done, loss=loss, rate=images_per_second)

    def epoch_ended(self, row: dict[str, float]) -> None:
        """Print the epoch's line."""
        shown = {name: value for name, value in row.items() if name not in ("epoch", "step", "lr")}
        facts = "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
        self._console.print(f"epoch {row['epoch']:.0f}  {facts}")
