"""Fields of option dataclasses: a default, a help text, and how the option is shown.

An options dataclass is frozen and keyword-only and stands beside its owner. The Python API takes
its instances; `depthmask.commands.click_options` turns each field into a command-line option. So
a name, a default and a help text are written once.
"""

import dataclasses
from typing import Any, get_type_hints

from shards.base.option_kinds import require_kind


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


def argument(metavar: str) -> Any:
    """A required dataclass field that the command line takes by place, as `metavar` in its help."""
    return dataclasses.field(metadata={"metavar": metavar})


def hints_of(options_class: type) -> dict[str, Any]:
    """The annotation of each field of an options class: what `require_kind` takes."""
    return get_type_hints(options_class, include_extras=True)


def check_fields(options: Any) -> None:
    """Check every field against its annotation: for the `__post_init__` of options.

    Text for a path becomes one, and numpy's numbers become Python's. InputError names the option
    as the command line does.
    """
    hints = hints_of(type(options))
    for field in dataclasses.fields(options):
        value = getattr(options, field.name)
        taken = require_kind(flag_of(field), value, hints[field.name])
        if taken is not value:
            object.__setattr__(options, field.name, taken)


def flag_of(field: "dataclasses.Field[Any]") -> str:
    """What a field is called on the command line: --batch-size, or CHECKPOINT for an argument."""
    if "help" not in field.metadata:
        return field.name.upper()
    return "--" + field.name.replace("_", "-")


def identity_of(options: Any) -> dict[str, Any]:
    """The identity options of `options` as a JSON-ready dict (tuples become lists)."""
    return {
        field.name: list(value) if isinstance(value, tuple) else value
        for field in dataclasses.fields(options)
        if field.metadata.get("identity")
        for value in [getattr(options, field.name)]
    }
