"""The categories of a data set's objects."""

from collections.abc import Iterable, Mapping
from typing import Any


def categories_of(manifest: Mapping[str, Any]) -> dict[str, int]:
    """Ids by name, from 1 in order of name; one without a name where no foreground is known."""
    return number_categories(manifest["categories"] or {""})


def number_categories(names: Iterable[str]) -> dict[str, int]:
    """Ids from 1 in order of name."""
    return {name: number for number, name in enumerate(sorted(set(names)), 1)}
