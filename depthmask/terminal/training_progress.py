"""The progress of a training: a bar with loss and rate on a terminal, a line an epoch."""

from collections.abc import Mapping

from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn

from depthmask.terminal.bars import Bars, whole_column
from depthmask.terminal.console import open_console, rate_text

_SMOOTH = 0.95
"""How much of the shown loss is what was shown before: a batch's alone jumps about."""

_COLUMNS = {
    "epoch": ("epoch", 5, 0),
    "minutes": ("min", 5, 1),
    "train_loss": ("loss", 6, 4),
    "mask_iou": ("IoU", 6, 4),
    "mask_dice": ("Dice", 6, 4),
    "mask_mae": ("MAE", 6, 4),
    "depth_rmse": ("RMSE", 6, 4),
    "depth_delta1": ("delta1", 6, 4),
    "depth_abs_rel": ("AbsRel", 6, 4),
    "images_per_second": ("images/s", 8, 1),
}
"""What an epoch's line shows of its row: head, width, digits. 78 characters in all."""


def epoch_heads() -> str:
    """The heads over the lines of epochs."""
    return "  ".join(f"{head:>{width}}" for head, width, _ in _COLUMNS.values())


def epoch_line(row: Mapping[str, float]) -> str:
    """An epoch's row of metrics.csv under `epoch_heads`; "-" for what is not there."""
    return "  ".join(
        f"{row[name]:{width}.{digits}f}" if name in row else f"{'-':>{width}}"
        for name, (_, width, digits) in _COLUMNS.items()
    )


def best_epoch(row: Mapping[str, float]) -> str:
    """Which epoch was the best, and its main scores; its loss where there was no val split."""
    names = {"mask_iou": "mask IoU", "depth_rmse": "depth RMSE"}
    scores = [f"{text} {row[name]:.4f}" for name, text in names.items() if name in row]
    return f"best: epoch {row['epoch']:.0f}, " + ", ".join(
        scores or [f"training loss {row['train_loss']:.4f}"]
    )


class TrainProgress:
    """Watches a training for a person at the command line; everything goes to stderr."""

    def __init__(self, *, shown: bool = True) -> None:
        self._console = open_console()
        self._progress = Bars(
            TextColumn("training"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("[progress.data.speed]{task.fields[facts]}"),
            TimeRemainingColumn(table_column=whole_column()),
            console=self._console,
            disable=not (shown and self._console.is_terminal) or self._console.quiet,
        )
        self._bar = self._progress.add_task("training", total=1.0, facts="")
        self._loss: float | None = None
        self._score = ""
        self._headed = False

    def close(self) -> None:
        """End the bar, however the training ended."""
        self._progress.stop()

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        """Move the bar; it appears with the first step, when nothing else is shown any more."""
        self._progress.start()
        before = loss if self._loss is None else self._loss
        self._loss = _SMOOTH * before + (1 - _SMOOTH) * loss
        facts = (
            f"loss {self._loss:.4f}{self._score}  {rate_text(images_per_second)} images/s  "
            f"data-wait {waited:.0%}"
        )
        self._progress.update(self._bar, completed=done, facts=facts)

    def scoring(self, split: str, done: int, total: int) -> None:
        """Show the scoring between two epochs, while the bar stands still."""
        self._progress.update(self._bar, facts=f"scoring {done:,}/{total:,} of {split}")

    def epoch_ended(self, row: dict[str, float]) -> None:
        """Print the epoch's line."""
        if "mask_iou" in row:
            self._score = f"  IoU {row['mask_iou']:.3f}"
        elif "depth_rmse" in row:
            self._score = f"  RMSE {row['depth_rmse']:.3f}"
        if not self._headed:
            self._console.print(epoch_heads(), style="bold", soft_wrap=True)
            self._headed = True
        self._console.print(epoch_line(row), soft_wrap=True)
