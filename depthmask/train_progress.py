"""How a training shows itself: a bar with loss and rate on a terminal, a line an epoch."""

from types import TracebackType
from typing import Self

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from depthmask.terminal import open_console

_SMOOTH = 0.95
"""How much of the shown loss is what was shown before: a batch's alone jumps about."""


class TrainProgress:
    """Watches a training for a person at the command line; everything goes to stderr."""

    def __init__(self) -> None:
        self._console = open_console()
        self._progress = Progress(
            TextColumn("training"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("[progress.data.speed]{task.fields[facts]}"),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal or self._console.quiet,
        )
        self._bar = self._progress.add_task("training", total=1.0, facts="")
        self._loss: float | None = None
        self._score = ""

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

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        """Move the bar."""
        before = loss if self._loss is None else self._loss
        self._loss = _SMOOTH * before + (1 - _SMOOTH) * loss
        facts = (
            f"loss {self._loss:.4f}{self._score}  {images_per_second:,.0f} images/s  "
            f"data-wait {waited:.0%}"
        )
        self._progress.update(self._bar, completed=done, facts=facts)

    def epoch_ended(self, row: dict[str, float]) -> None:
        """Print the epoch's line."""
        if "mask_iou" in row:
            self._score = f"  IoU {row['mask_iou']:.3f}"
        elif "depth_rmse" in row:
            self._score = f"  RMSE {row['depth_rmse']:.3f}"
        shown = {name: value for name, value in row.items() if name not in ("epoch", "step", "lr")}
        facts = "  ".join(f"{name} {value:.4g}" for name, value in shown.items())
        self._console.print(f"epoch {row['epoch']:.0f}  {facts}")
