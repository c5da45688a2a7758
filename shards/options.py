"""Fields of option dataclasses: a default, a help text, and how the option is shown.

An options dataclass is frozen and keyword-only and stands beside its owner. The Python API takes
it as it is; `depthmask.options` turns each field into a command-line option. So a name, a default
and a help text are written once.
"""

import dataclasses
from pathlib import Path
from typing import Any, get_args


def option(
    default: Any = dataclasses.MISSING,
    help: str = "",
    *,
    identity: bool = False,
    metavar: str | None = None,
    flags: tuple[str, ...] = (),
) -> Any:
    """A dataclass field that is also a command-line option.

    `identity` marks the options that decide a data set's bytes (kept in plan.json, compared on
    resume). `flags` replaces the flag derived from the field's name. No default: required.
    """
    metadata = {"help": help, "identity": identity, "metavar": metavar, "flags": flags}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def take_text_as_paths(options: Any) -> None:
    """Turn text that was given for a path into one: for the `__post_init__` of options."""
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        if not _may_be_path(field.type):
            continue
        if isinstance(value, str):
            object.__setattr__(options, field.name, Path(value))
        elif isinstance(value, list | tuple):
            object.__setattr__(options, field.name, tuple(Path(each) for each in value))


def _may_be_path(kind: Any) -> bool:
    return kind is Path or any(_may_be_path(part) for part in get_args(kind))


def identity_of(options: Any) -> dict[str, Any]:
    """The identity options of `options` as a JSON-ready dict (tuples become lists)."""
    return {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in dataclasses.fields(options)
        if field.metadata.get("identity")
        for value in [getattr(options, field.name)]
    }
