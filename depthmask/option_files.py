"""Option files: TOML with a command's options by name, for `--config` and `--recipe`."""

import dataclasses
import tomllib
from pathlib import Path
from typing import Any

import click

from pipeline.options import BuildOptions
from pipeline.recipes import data_recipe
from shards.errors import InputError


def read_option_file(path: Path, options_class: type, example: str) -> dict[str, Any]:
    """The options in a TOML file, by name; InputError for what is no such file or no option."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(
            f"--config {path}", expected="a TOML file", found=str(error), remedy="see config.toml"
        ) from None
    known = {field.name for field in dataclasses.fields(options_class)}
    for name in table:
        if name not in known:
            raise InputError(
                f"--config {path}",
                expected=f"options of this command, such as {example}",
                found=name,
                remedy="take the line out or correct its name",
            )
    return table


def set_defaults(context: click.Context, table: dict[str, Any]) -> None:
    """Make options the command's defaults; those on the line win."""
    context.default_map = {**(context.default_map or {}), **table}


def take_build_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """A callback of `--config`: the options of a data set in a file."""
    if path is not None:
        set_defaults(context, read_option_file(path, BuildOptions, "size = 160"))


def take_build_recipe(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    """A callback of `--recipe`: the options of an earlier system's data set."""
    if name is not None:
        take_build_file(context, parameter, data_recipe(name))
