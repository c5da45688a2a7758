"""What commands say to a person, on stderr: how much, and in which colours.

Results go to stdout and are never coloured. `depthmask -q` keeps stderr for errors, `-v` adds how
things were done. NO_COLOR is respected.
"""

import json
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from shards.base.errors import InputError, RunError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

Command = TypeVar("Command", bound=Callable[..., Any])


def _asked(flag: str) -> bool:
    """Whether the command line has this flag; False outside of a command."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(f"depthmask.{flag}"))


def is_quiet() -> bool:
    """Whether stderr is for errors only (`depthmask -q`)."""
    return _asked("quiet")


def is_verbose() -> bool:
    """Whether to say how things are done (`depthmask -v`)."""
    return _asked("verbose")


def open_console() -> "Console":
    """The console of stderr; it prints nothing where the person asked for quiet."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, quiet=is_quiet())


def open_table(*heads: str, title: str | None = None) -> "Table":
    """A table as commands print their results: a rule below the heads, no frame.

    The first column is a name, the others are numbers, to the right. A title stays on one line.
    """
    from rich import box

    from depthmask.terminal.fitting_table import FittingTable

    table = FittingTable(
        *heads,
        title=title,
        title_style="bold",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        min_width=len(title or ""),
    )
    for column in table.columns[1:]:
        column.justify = "right"
    return table


def rate_text(rate: float) -> str:
    """How many a second, with a digit after the point where there are fewer than ten."""
    return f"{rate:,.0f}" if rate >= 9.95 or rate == 0 else f"{rate:.1f}"


def counted(number: int, noun: str) -> str:
    """How many there are of what: "1 shard", "1,125 samples"."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say(line: object) -> None:
    """A line for a person, unless they asked for quiet."""
    if not is_quiet():
        click.echo(str(line), err=True)


def reports(command: Command) -> Command:
    """A decorator: gives a command `--json`, as the parameter `json_wanted`."""
    return click.option("--json", "json_wanted", is_flag=True, help="Print JSON alone on stdout.")(
        command
    )


def answer(text: str, facts: Any, json_wanted: bool) -> None:
    """Print a command's result on stdout: `facts` as JSON where that is wanted, or `text`."""
    click.echo(json.dumps(facts, indent=1) if json_wanted else text)


def answer_paths(paths: list[Any], json_wanted: bool) -> None:
    """Print the files that a command wrote, a line each or as a JSON list."""
    names = [str(path) for path in paths]
    answer("\n".join(names), names, json_wanted)


def show_error(error: BaseException) -> None:
    """Print an error on stderr as one sentence: where in bold, the remedy in colour.

    A terminal's lines end between words; elsewhere the sentence is one line.
    """
    from rich.console import Console
    from rich.text import Text

    text = Text.assemble(("error: ", "bold red"))
    if isinstance(error, InputError | RunError):
        text.append(error.where, "bold")
        text.append(f": expected {error.expected}, found {error.found}; ")
        text.append(error.remedy, "cyan")
    elif isinstance(error, click.ClickException):
        text.append(error.format_message())
    else:
        text.append(str(error))
    console = Console(stderr=True)
    console.print(text, soft_wrap=not console.is_terminal)


@contextmanager
def accounted() -> Iterator[None]:
    """With `-v`: the traceback of what goes wrong within, then seconds and memory it took."""
    begin = time.monotonic()
    try:
        yield
    except (InputError, RunError):
        if is_verbose():
            click.echo(traceback.format_exc(), err=True, nl=False)
        raise
    finally:
        if is_verbose():
            say(f"{time.monotonic() - begin:,.1f} s, at most {_peak_megabytes():,.0f} MB a process")


def _peak_megabytes() -> float:
    """The largest memory that this process or one of its ended children had."""
    import resource

    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(each).ru_maxrss for each in whose) / 1024
