"""The earlier systems' data sets as option files: `build-dataset --recipe NAME` takes one."""

from pathlib import Path

from shards.base.errors import InputError

DATA_RECIPES = ("A", "B", "C", "D", "E")


def data_recipe(name: str) -> Path:
    """The option file of a system's data set; InputError where there is no such system."""
    if name not in DATA_RECIPES:
        raise InputError(
            f"--recipe {name}",
            expected="one of " + ", ".join(DATA_RECIPES),
            found=name,
            remedy="or write an option file of your own, for --config",
        )
    return Path(__file__).parent / "recipes" / f"{name}.toml"
