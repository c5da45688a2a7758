"""Option files: TOML with a command's options by name, for `--config` and `--recipe`."""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import click
from click.core import ParameterSource

from depthmask.other_names import options_called
from pipeline.options import BuildOptions
from pipeline.recipes import data_recipe
from shards.errors import InputError
from shards.option_kinds import require_kind

_FILES = "depthmask.files"


def read_option_file(
    path: Path, options_class: type, example: str, flag: str = "--config"
) -> dict[str, Any]:
    """The options in the TOML file of `flag`, by name, as the fields of a class have them.

    InputError for what is no such file, no option, or no value of one.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(
            f"{flag} {path}", expected="a TOML file", found=str(error), remedy="see config.toml"
        ) from None
    known = {field.name for field in dataclasses.fields(options_class)}
    for name in table:
        if name not in known:
            called = [
                ours for each in options_called(name) if (ours := each.replace("-", "_")) in known
            ]
            raise InputError(
                f"{flag} {path}",
                expected=f"options of this command, such as {example}",
                found=name,
                remedy=f"here it is {' or '.join(called)}"
                if called
                else "take the line out or correct its name",
            )
    hints = get_type_hints(options_class)
    return {
        name: require_kind(f"{flag} {path}: {name}", value, hints[name])
        for name, value in table.items()
    }


def set_defaults(context: click.Context, path: Path, table: dict[str, Any]) -> None:
    """Make the options of a file the command's defaults; those on the line win."""
    context.default_map = {**(context.default_map or {}), **table}
    context.meta[_FILES] = context.meta.get(_FILES, {}) | dict.fromkeys(table, path)


def naming_file(error: InputError, files: Mapping[str, Path]) -> InputError:
    """The same error, saying which of `files` its option stands in, if it stands in one."""
    named = re.match(r"--([a-z-]+)", error.where)
    path = files.get(named[1].replace("-", "_")) if named else None
    if path is None:
        return error
    return InputError(
        f"{error.where} (in {path})",
        expected=error.expected,
        found=error.found,
        remedy=error.remedy,
    )


def files_in_use(context: click.Context) -> dict[str, Path]:
    """The file that each option of a command was taken from; none for those on the line."""
    files: dict[str, Path] = context.meta.get(_FILES, {})
    source = context.get_parameter_source
    return {
        name: path for name, path in files.items() if source(name) == ParameterSource.DEFAULT_MAP
    }


def take_build_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """A callback of `--config`: the options of a data set in a file."""
    if path is not None:
        set_defaults(context, path, read_option_file(path, BuildOptions, "size = 160"))


def take_build_recipe(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    """A callback of `--recipe`: the options of an earlier system's data set."""
    if name is not None:
        take_build_file(context, parameter, data_recipe(name))
