"""The progress of a build on stderr: a bar on a terminal, elsewhere a line now and then."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from depthmask.terminal.bars import Bars, Count, open_progress, whole_column
from depthmask.terminal.console import counted, open_console, rate_text
from pipeline.machine.counters import Counters, Done
from pipeline.planning.plan import Plan, ShardTask
from pipeline.sources.source import Skipped
from shards.base.keys import BACKGROUND, counts_in_words
from shards.base.names import printable

_POLL_SECONDS = 0.25
_LINE_SECONDS = 15.0
_PACE_SECONDS = 10.0


class Pace:
    """How fast a build goes, over its last seconds."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, Done]] = deque()
        self._first: tuple[float, Done] | None = None

    def see(self, now: float, done: Done) -> None:
        """Take note of what is done at a time in seconds."""
        self._first = self._first or (now, done)
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _PACE_SECONDS:
            self._seen.popleft()

    def rates(self) -> tuple[float, float, float]:
        """Samples, megabytes and depth maps a second; zeros before there is anything to tell."""
        if len(self._seen) < 2:
            return 0.0, 0.0, 0.0
        (begin, before), (end, after) = self._seen[0], self._seen[-1]
        seconds, change = max(end - begin, 1e-9), after - before
        return change.samples / seconds, change.bytes / seconds / 1e6, change.maps / seconds

    def end(self) -> None:
        """From now on the rates are those of the whole time."""
        if self._first is not None:
            self._seen.appendleft(self._first)

    def text(self) -> str:
        """The rates for a person; maps only where a teacher makes some."""
        samples, megabytes, maps = self.rates()
        words = f"{rate_text(samples)} samples/s  {megabytes:,.1f} MB/s"
        return f"{words}  {rate_text(maps)} maps/s" if maps else words


class BuildProgress:
    """Watches a build for a person at the command line."""

    def __init__(self) -> None:
        self._console = open_console()
        self._progress = open_progress(self._console)
        self._bars: dict[str, TaskID] = {}
        self._remarks: list[tuple[str, str]] = []
        self._stop = threading.Event()
        self._poller: threading.Thread | None = None

    def close(self) -> None:
        """End the bars, however the build ended."""
        self._progress.stop()

    def checking(self, role: str, done: int, total: int) -> None:
        """Move the bar of the source check."""
        if role not in self._bars:
            self._progress.start()
            names = {"fg": "foregrounds", "bg": "backgrounds", "distractors": "distractors"}
            title = f"checking {names[role]}"
            self._bars[role] = self._progress.add_task(title, total=total)
        self._progress.update(self._bars[role], completed=done)

    def remark(self, role: str, name: str, words: str) -> None:
        """Keep a remark for when the sources are checked."""
        self._remarks.append((f"{role}/{name}", words))

    def planned(
        self, plan: Plan, skipped: Sequence[Skipped], tasks: Sequence[ShardTask], missing: int
    ) -> None:
        """Say what was planned, which files are left out, and which need a look."""
        self._progress.stop()
        self._table("warning", "why", self._remarks)
        self._table("left out", "because", [(entry.path, entry.reason) for entry in skipped])
        for line in describe_plan(plan):
            self._console.print(line)
        if len(tasks) < len(plan.tasks()):
            samples = sum(task.samples for task in tasks if task.split != BACKGROUND)
            own = counted(len(tasks), "shard")
            self._console.print(f"this part: {counted(samples, 'sample')} in {own}")
        done = len(tasks) - missing
        if done:
            self._console.print(f"{counted(done, 'shard')} there already, {missing:,} to make")

    def _table(self, title: str, reason: str, rows: Sequence[tuple[str, str]]) -> None:
        if rows:
            table = Table(title, reason, title_justify="left", box=None)
            for name, words in rows:
                table.add_row(Text(printable(name)), Text(printable(words)))
            self._console.print(table)

    def building(self, total: int, counters: Counters) -> None:
        """Follow the counters until `finished`."""
        self._progress = Bars(
            TextColumn("building"),
            BarColumn(),
            Count(),
            TextColumn("[progress.data.speed]{task.fields[pace]}"),
            TimeRemainingColumn(table_column=whole_column()),
            console=self._console,
            disable=not self._console.is_terminal or self._console.quiet,
        )
        self._progress.start()
        bar = self._progress.add_task("building", total=total, pace="")

        def show(done: int, pace: str) -> None:
            self._progress.update(bar, completed=done, pace=pace)

        self._poller = threading.Thread(target=self._poll, args=(total, counters, show))
        self._poller.start()

    def finished(self) -> None:
        """Stop following."""
        if self._poller is not None:
            self._stop.set()
            self._poller.join()
        self._progress.stop()

    def _poll(self, total: int, counters: Counters, show: Callable[[int, str], None]) -> None:
        pace, last_line = Pace(), time.monotonic()
        while True:
            stopped = self._stop.wait(_POLL_SECONDS)
            done, now = counters.total(), time.monotonic()
            pace.see(now, done)
            if stopped:
                pace.end()
            show(done.samples, pace.text())
            if not self._console.is_terminal and now - last_line > _LINE_SECONDS:
                last_line = now
                self._console.print(
                    f"{done.samples:,} of {total:,} samples, {pace.text()}"
                    f"{_left(total, done, pace)}"
                )
            if stopped:
                return


def _left(total: int, done: Done, pace: Pace) -> str:
    rate = pace.rates()[0]
    if rate <= 0:
        return ""
    minutes, seconds = divmod(round((total - done.samples) / rate), 60)
    return f", {minutes // 60}:{minutes % 60:02}:{seconds:02} left"


def describe_plan(plan: Plan) -> list[str]:
    """What a plan will build, and what it leaves out, a line each."""
    lines = [
        f"{counted(len(plan.fg), 'foreground')} x {counted(len(plan.bg), 'background')}: "
        f"{counts_in_words(plan.samples)} samples in {counted(len(plan.tasks()), 'shard')}"
    ]
    wanted = plan.options["samples"]
    if wanted is not None and wanted > sum(plan.samples.values()):
        lines.append(
            f"--samples {wanted:,} is more than there are cells: add sources or raise --placements"
        )
    if plan.options["balance"] == "category":
        lines.append("--balance category draws foregrounds: --placements is not used")
    lines += plan.lacking()
    if plan.unused_cells:
        lines.append(
            f"{plan.unused_cells:,} cells pair sources from different splits and are left out"
        )
    return lines
