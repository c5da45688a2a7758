"""Bars of progress on stderr that keep their count on any terminal."""

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Column, Table
from rich.text import Text

from depthmask.terminal.console import rate_text

_SHORTEST_BAR = 5


def whole_column() -> Column:
    """A column that narrow terminals leave whole: there the bar gets shorter instead."""
    return Column(no_wrap=True)


class _Rate(ProgressColumn):
    """Steps a second."""

    def get_table_column(self) -> Column:
        return whole_column()

    def render(self, task: Task) -> Text:
        rate = task.finished_speed or task.speed or 0.0
        return Text(f"{rate_text(rate)}/s", style="progress.data.speed")


class Count(ProgressColumn):
    """Steps done, of all where that is known."""

    def get_table_column(self) -> Column:
        return whole_column()

    def render(self, task: Task) -> Text:
        of = "" if task.total is None else f"/{task.total:,.0f}"
        return Text(f"{task.completed:,.0f}{of}", style="progress.download")


_DISPENSABLE = (3, 1, 4, 0)
"""Which columns a narrow terminal does without, in this order: rate, bar, time left, what it is."""


class Bars(Progress):
    """Bars of five columns, of which a narrow terminal shows fewer.

    They leave nothing behind where they never moved: an error came before.
    """

    def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
        """A table of the columns that there is room for."""
        shown = [task for task in tasks if task.visible]
        whole = self.columns
        left = dict(enumerate(whole))
        for number in _DISPENSABLE if shown else ():  # rich asks once before it has a console
            gaps = len(left) - 1
            if sum(self._width(each, shown) for each in left.values()) + gaps > self.console.width:
                del left[number]
        self.columns = tuple(left.values())
        try:
            return super().make_tasks_table(shown)
        finally:
            self.columns = whole

    def _width(self, column: str | ProgressColumn, tasks: Sequence[Task]) -> int:
        if isinstance(column, BarColumn):
            return _SHORTEST_BAR
        if isinstance(column, str):
            return max((len(column.format(task=task)) for task in tasks), default=0)
        return max((self.console.measure(column(task)).maximum for task in tasks), default=0)

    def stop(self) -> None:
        for task in self.tasks:
            self.update(task.id, visible=task.visible and task.completed > 0)
        super().stop()


def open_progress(console: Console) -> Progress:
    """A progress bar with count, rate and time left; nothing where stderr is no terminal."""
    return Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        Count(),
        _Rate(),
        TimeRemainingColumn(table_column=whole_column()),
        console=console,
        disable=not console.is_terminal or console.quiet,
    )
