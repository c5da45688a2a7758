"""Drawn sources of three categories, and a build with everything that a scene may have."""

from pathlib import Path

import numpy as np
from PIL import Image
from scene_reference import EVERYTHING
from small import draw_background, small_options

from depthmask.drawing.cutouts.cars import draw_car
from depthmask.drawing.cutouts.people import draw_person
from depthmask.drawing.cutouts.signs import draw_sign
from pipeline.planning.options import BuildOptions

OF_EACH = 5


def draw_everything(root: Path) -> Path:
    """Below `root`, fg/{cars,people,signs}, bg and distractors: small pictures, in a second."""

    def save(pixels: np.ndarray, folder: str, number: int) -> None:
        (root / folder).mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(root / folder / f"{number}.png")

    for number in range(OF_EACH):
        rng = np.random.default_rng(number)
        save(draw_car(rng, length=90), "fg/cars", number)
        save(draw_person(rng, height=110), "fg/people", number)
        save(draw_sign(rng, height=110), "fg/signs", number)
        save(draw_car(rng, length=70), "distractors", number)
        save(np.asarray(draw_background(number)), "bg", number)
    return root


def everything_options(root: Path, out: Path, **changes: object) -> BuildOptions:
    """Options of a build of 90 samples in 7 shards with every option of the scene."""
    options = EVERYTHING | {
        "size": (80, 56),
        "samples": 90,
        "samples_per_shard": 18,
        "distractors": root / "distractors",
    }
    return small_options(root, out, **(options | changes))


def typed(options: dict[str, object]) -> list[str]:
    """Options as they are typed."""
    words = []
    for name, value in options.items():
        flag = f"--{name.replace('_', '-')}"
        if name == "size" and isinstance(value, tuple):
            words += [flag, "x".join(map(str, value))]
        elif value is True:
            words.append(flag)
        elif isinstance(value, tuple):
            words += [flag, *map(str, value)]
        else:
            words += [flag, str(value)]
    return words
