"""Option files: TOML with the fields of an option dataclass, by name."""

import dataclasses
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from depthmask.recipes.other_names import options_called
from shards.base.errors import InputError
from shards.base.option_kinds import require_kind
from shards.base.options import hints_of


def read_option_file(
    path: Path, options_class: type, example: str, flag: str = "--config"
) -> dict[str, Any]:
    """The options in the TOML file of `flag`, by name, as the fields of a class have them.

    InputError for what is no such file, no option, or no value of one.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        found = str(error) if error.__class__ is not FileNotFoundError else "no such file"
        raise InputError(
            f"{flag} {path}",
            expected="a TOML file",
            found=found,
            remedy=f"name a file with lines such as {example}",
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
    hints = hints_of(options_class)
    return {
        name: require_kind(f"{flag} {path}: {name}", value, hints[name])
        for name, value in table.items()
    }


def naming_file(error: InputError, files: Mapping[str, Path]) -> InputError:
    """The same error, naming the one of `files` that has the option, if one has."""
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
