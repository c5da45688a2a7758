"""Options of the sources and their splits, as fields of a dataclass, and their checks."""

from typing import Any

from shards.base.errors import InputError
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
        "Hold out whole sources (no picture in two splits), or samples (leaks; for comparison).",
        identity=True,
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
