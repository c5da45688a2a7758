"""How each earlier system was trained, as option files: `train --recipe NAME` takes one."""

import dataclasses
import re
from pathlib import Path
from typing import Any

from depthmask.recipes.train_options import TrainOptions, read_config
from shards.base.errors import InputError

RECIPES = {
    "A": ("A-depth", "A-mask"),
    "A-depth": ("A-depth",),
    "A-mask": ("A-mask",),
    "B": ("B",),
    "C": ("C",),
    "D": ("D-depth", "D-mask"),
    "D-depth": ("D-depth",),
    "D-mask": ("D-mask",),
    "E": ("E",),
}
"""The networks of each recipe, in the order of their trainings: NAME.toml beside this file."""

_LEARNS_THROUGH = {"D-mask": "D-depth"}
_LENGTHS = {
    "mask_loss": r"(?<= for )[\d.]+",
    "depth_loss": r"(?<= for )[\d.]+",
    "sizes": r"(?<=:)[\d.]+",
    "drops": r"[\d.]+",
}
"""Options that hold lengths in epochs."""


def training_recipe(network: str) -> Path:
    """The option file of a system's network."""
    return Path(__file__).parent / f"{network}.toml"


def recipe_options(name: str, given: dict[str, Any]) -> list[TrainOptions]:
    """The trainings of a recipe; the options in `given` win over those of its files.

    Of several, each has a folder of its own in `out`, and D-mask learns through the D-depth that
    is trained before it. Where `given` has epochs or minutes, a file's losses, sizes and drops are
    stretched over them; where it has a size, there is no other.
    """
    if name not in RECIPES:
        raise InputError(
            f"--recipe {name}",
            expected="one of " + ", ".join(RECIPES),
            found=name,
            remedy="or write an option file of your own, for --config",
        )
    networks = RECIPES[name]
    trainings = []
    for network in networks:
        options = TrainOptions(**_merge(read_config(training_recipe(network)), given))
        if len(networks) > 1:
            options = dataclasses.replace(options, out=options.out / network)
        before = _LEARNS_THROUGH.get(network)
        if before in networks and options.depth_network is None:
            teacher = options.out.parent / before / "best.pt"
            options = dataclasses.replace(options, depth_network=teacher)
        trainings.append(options)
    return trainings


def _merge(table: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    given = {name: value for name, value in given.items() if value is not None}
    length = given.get("minutes", given.get("epochs"))
    if length is not None:
        table = _stretch(table, length / table["epochs"])
        del table["epochs"]
    for one, other in (("size", "sizes"), ("sizes", "size")):
        if one in given:
            table.pop(other, None)
    return table | given


def _stretch(table: dict[str, Any], factor: float) -> dict[str, Any]:
    """The options with every length in them times `factor`."""

    def longer(match: re.Match[str]) -> str:
        return f"{float(match[0]) * factor:g}"

    lengths = {
        name: re.sub(pattern, longer, table[name])
        for name, pattern in _LENGTHS.items()
        if name in table
    }
    return table | lengths
