"""Options of the sources and their splits, as fields of a dataclass, and their checks."""

from typing import Any

from shards.base.errors import InputError
from shards.base.names import printable
from shards.base.option_kinds import require_within
from shards.base.options import option


def val_fraction_field() -> Any:
    """`--val-fraction`."""
    return option(0.1, "Share held out for validation.", identity=True)


def test_fraction_field() -> Any:
    """`--test-fraction`."""
    return option(0.0, "Share held out for a last test, apart from validation.", identity=True)


def split_by_field() -> Any:
    """`--split-by`."""
    return option(
        "source",
        "Hold out whole sources (no picture in two splits), whole folders of them, or samples "
        "(leaks; for comparison).",
        identity=True,
    )


def fg_alpha_field() -> Any:
    """`--fg-alpha`."""
    return option(
        None,
        "Folder of grey pictures with the names of those in --fg: their alpha, as matting sets "
        "have it.",
        metavar="DIR",
    )


def category_field() -> Any:
    """`--category`."""
    return option(
        "object",
        "Category of the foregrounds at the root of --fg; below it the first folder is theirs.",
        identity=True,
        metavar="NAME",
    )


def split_objects_field() -> Any:
    """`--split-objects`."""
    return option(
        False,
        "Make a foreground of each separate object in a picture.",
        identity=True,
        flags=("--split-objects",),
    )


def decontaminate_field() -> Any:
    """`--decontaminate`."""
    return option(
        False,
        "Take the old background out of the soft edges of foregrounds (needs pymatting).",
        identity=True,
        flags=("--decontaminate",),
    )


def require_category(name: str) -> None:
    """InputError unless `name` can be a category's."""
    if not name or name != name.strip() or printable(name) != name or "/" in name:
        raise InputError(
            "--category",
            expected="a name of printable characters, without /",
            found=repr(name),
            remedy="give a word, such as car",
        )


def require_fractions(val: float, test: float) -> None:
    """InputError unless the shares held out are at most everything."""
    require_within("--val-fraction", val, 0, 1)
    require_within("--test-fraction", test, 0, 1)
    if val + test > 1:
        raise InputError(
            "--val-fraction and --test-fraction",
            expected="at most 1 together",
            found=f"{val:g} and {test:g}",
            remedy="lower one of the two; training gets the rest",
        )
