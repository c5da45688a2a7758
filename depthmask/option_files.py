"""Option files: TOML with a command's options by name, for `--config` and `--recipe`."""

import dataclasses
import reprlib
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
    except (OSError, ValueError, RecursionError) as error:
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
    """Make options the command's defaults; those on the line win.

    They are given as words on the line would be. InputError where an option takes another kind.
    """
    parameters = context.command.params
    options = {option.name: option for option in parameters if isinstance(option, click.Option)}
    words = {name: _as_words(options[name], value) for name, value in table.items()}
    context.default_map = {**(context.default_map or {}), **words}


def _as_words(option: click.Option, value: Any) -> Any:
    """What a TOML value says on the command line."""
    words: Any
    if option.is_flag:
        wanted, words = "true or false", value if isinstance(value, bool) else None
    elif option.multiple or option.nargs != 1:
        count = "" if option.multiple else f"{option.nargs} "
        parts = [_word(part) for part in value] if isinstance(value, list) else [None]
        fits = None not in parts and (option.multiple or len(parts) == option.nargs)
        wanted, words = f"a list of {count}values", parts if fits else None
    else:
        wanted, words = "a value", _word(value)
    if words is None:
        raise InputError(
            f"--config: {option.name}",
            expected=wanted,
            found=reprlib.repr(value),
            remedy="write it as config.toml of a run does",
        )
    return words


def _word(value: Any) -> str | None:
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return str(value) if is_plain else None


def take_build_file(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """A callback of `--config`: the options of a data set in a file."""
    if path is not None:
        set_defaults(context, read_option_file(path, BuildOptions, "size = 160"))


def take_build_recipe(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    """A callback of `--recipe`: the options of an earlier system's data set."""
    if name is not None:
        take_build_file(context, parameter, data_recipe(name))
