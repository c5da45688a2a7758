"""Option dataclasses as click options: one declaration serves the Python API and the commands."""

import dataclasses
import functools
import types
from collections.abc import Callable
from typing import Any, TypeVar, Union, get_args, get_origin

import click

from depthmask.commands.click_types import word_type
from depthmask.commands.option_files import files_in_use
from depthmask.recipes.option_file import naming_file
from shards.base.errors import InputError
from shards.base.options import hints_of
from shards.base.size import Size, size_text

Command = TypeVar("Command", bound=Callable[..., Any])


def _without_none(hint: Any) -> Any:
    """One type of a union: the one of many values if there is one, never None."""
    if get_origin(hint) in (Union, types.UnionType):
        parts = [part for part in get_args(hint) if part is not type(None)]
        return next((part for part in parts if get_origin(part) is tuple), parts[0])
    return hint


def _click_type(hint: Any) -> dict[str, Any]:
    """Keyword arguments of `click.option` for a type: scalar, Literal, fixed or open tuple."""
    hint = _without_none(hint)
    if get_origin(hint) is tuple:
        first, *rest = get_args(hint)
        if rest == [Ellipsis]:
            return {"type": word_type(first), "multiple": True}
        return {"type": tuple(word_type(part) for part in (first, *rest))}
    return {"type": word_type(hint)}


def _click_argument(field: "dataclasses.Field[Any]", hint: Any) -> Callable[[Command], Command]:
    settings = _click_type(hint)
    if settings.pop("multiple", False):
        settings["nargs"] = -1
    return click.argument(field.name, metavar=field.metadata["metavar"], required=True, **settings)


def _click_option(field: "dataclasses.Field[Any]", hint: Any) -> Callable[[Command], Command]:
    flag = "--" + field.name.replace("_", "-")
    required = field.default is dataclasses.MISSING
    settings: dict[str, Any] = {
        "help": field.metadata["help"],
        "required": required,
        "show_default": not required and field.default is not False and field.default != (),
    }
    if not required:
        default: Any = field.default
        settings["default"] = size_text(default) if hint == Size else default
    if field.metadata["metavar"]:
        settings["metavar"] = field.metadata["metavar"]
    if hint is bool:
        flags = field.metadata["flags"] or (f"{flag}/--no-{field.name.replace('_', '-')}",)
        return click.option(*flags, field.name, is_flag=True, **settings)
    flags = field.metadata["flags"] or (flag,)
    return click.option(*flags, field.name, **settings, **_click_type(hint))


def takes(options_class: type) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator: the command receives one `options_class` instance made from its options.

    The dataclass checks ranges and combinations (`__post_init__`), so a wrong value gives the same
    sentence here and in Python. Options that are no fields of the class
    (those of decorators below this one) reach the command by name.
    """
    fields = dataclasses.fields(options_class)
    names = {field.name for field in fields}

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def command(**values: Any) -> Any:
            others = {name: values.pop(name) for name in values.keys() - names}
            try:
                options = options_class(**values)
            except InputError as error:
                files = files_in_use(click.get_current_context())
                raise naming_file(error, files) from None
            return function(options, **others)

        hints = hints_of(options_class)
        for field in reversed(fields):
            made = _click_option if "help" in field.metadata else _click_argument
            command = made(field, hints[field.name])(command)
        return command

    return decorate
