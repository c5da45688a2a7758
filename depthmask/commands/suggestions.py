"""What to print for a command or an option that does not exist."""

import difflib
from collections.abc import Sequence

import click

from depthmask.recipes.other_names import (
    arguments_called,
    as_compared,
    command_called,
    note_on,
    options_called,
)

_NEAR = 0.75
"""How like a name must be to be offered for its letters alone: not --format for --rotate."""


def about_command(name: str, commands: Sequence[str]) -> str:
    """One line about a command that does not exist."""
    missing = f"No such command {name!r}"
    ours = command_called(name)
    if ours is not None:
        return f"{missing}; here it is {ours}"
    near = difflib.get_close_matches(as_compared(name), commands, n=1, cutoff=_NEAR)
    return f"{missing}; did you mean {near[0]}?" if near else missing


def about_option(name: str, command: click.Command, others: Sequence[click.Command]) -> str:
    """One line about an option that `command` lacks; `others` are the other commands."""
    missing = f"No such option {name!r}"
    note = note_on(name, command.name or "")
    if note is not None:
        return f"{missing}: {note}"
    here = _flags_of(command)
    if (same := "--" + as_compared(name)) in here:
        return f"{missing}; here it is {same}"
    called = [flag for ours in options_called(name) if (flag := f"--{ours}") in here]
    if called:
        return f"{missing}; here it is {' or '.join(called)}"
    for argument in (each for each in command.params if isinstance(each, click.Argument)):
        if argument.name in arguments_called(name):
            word = argument.human_readable_name.strip(".")
            return f"{missing}; it is given without a name: depthmask {command.name} {word}"
    words = [flag.removeprefix("--") for flag in here]  # dashes would count as letters
    near = difflib.get_close_matches(as_compared(name), words, n=1, cutoff=_NEAR)
    if near:
        return f"{missing}; did you mean --{near[0]}?"
    owners = [str(each.name) for each in others if same in _flags_of(each)]
    return f"{missing}: {owners[0]} has it" if len(owners) == 1 else missing


def _flags_of(command: click.Command) -> list[str]:
    options = [each for each in command.params if isinstance(each, click.Option)]
    flags = [flag for each in options for flag in (*each.opts, *each.secondary_opts)]
    return [*(flag for flag in flags if flag.startswith("--")), "--help"]
