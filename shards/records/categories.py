"""The categories of a data set's objects, by the folders of its foregrounds."""

from collections.abc import Iterable, Mapping
from typing import Any

_AT_THE_ROOT = "object"


def categories_of(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Ids by name, from 1 in order of name; one without a name where no foreground is known."""
    names = {_category(source) for source in manifest["sources"]["fg"]}
    return number_categories(names or {""})


def number_categories(names: Iterable[str]) -> dict[str, int]:
    """Ids from 1 in order of name."""
    return {name: number for number, name in enumerate(sorted(set(names)), 1)}


def _category(source: Mapping[str, Any]) -> str:
    first, slash, _ = source["name"].partition("/")
    return str(source.get("category") or (first if slash else _AT_THE_ROOT))
