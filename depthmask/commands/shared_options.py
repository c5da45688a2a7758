"""Options that several commands have, where the library takes them as plain arguments."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from depthmask.commands.click_types import PLACE, POSITIVE

Command = TypeVar("Command", bound=Callable[..., Any])

workers_option = click.option("--workers", type=POSITIVE, help="Processes.  [default: one a core]")


def moved_sources_options(command: Command) -> Command:
    """A decorator: `--fg`, `--bg` and others, folders of sources that have moved."""
    roots = (
        ("--distractors", "Distractors"),
        ("--fg-alpha", "Alphas"),
        ("--bg", "Backgrounds"),
        ("--fg", "Foregrounds"),
    )
    for flag, sources in roots:
        command = click.option(flag, type=PLACE, help=f"{sources}, if they moved since the build.")(
            command
        )
    return command
