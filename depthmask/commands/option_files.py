"""Option files: TOML with a command's options by name, for `--config` and `--recipe`."""

from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from depthmask.recipes.option_file import read_option_file
from pipeline.planning.data_recipes import data_recipe
from pipeline.planning.options import BuildOptions

_FILES = "depthmask.files"


def set_defaults(context: click.Context, path: Path, table: dict[str, Any]) -> None:
    """Make the options of a file the command's defaults; those on the line win."""
    context.default_map = {**(context.default_map or {}), **table}
    context.meta[_FILES] = context.meta.get(_FILES, {}) | dict.fromkeys(table, path)


def files_in_use(context: click.Context) -> dict[str, Path]:
    """The file that each option of a command comes from, without those given on the line."""
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
