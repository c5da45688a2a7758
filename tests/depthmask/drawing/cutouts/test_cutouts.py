"""depthmask/drawing/cutouts: cars.py, people.py and signs.py"""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest

from depthmask.drawing.cutouts.cars import KINDS, draw_car
from depthmask.drawing.cutouts.painting import Cutout
from depthmask.drawing.cutouts.people import draw_person
from depthmask.drawing.cutouts.people_poses import POSES
from depthmask.drawing.cutouts.sign_plates import PLATES
from depthmask.drawing.cutouts.signs import draw_sign

Draw = Callable[[int], Cutout]


def drawings() -> dict[str, Draw]:
    """By name, every body of a car, pose of a person and kind of a sign, from a seed."""
    return (
        {kind: lambda seed, kind=kind: draw_car(generator(seed), kind=kind) for kind in KINDS}
        | {pose: lambda seed, pose=pose: draw_person(generator(seed), pose=pose) for pose in POSES}
        | {kind: lambda seed, kind=kind: draw_sign(generator(seed), kind=kind) for kind in PLATES}
    )


def generator(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("name", drawings())
def test_cutouts_have_soft_edges_and_touch_no_border(name: str) -> None:
    alpha = drawings()[name](1)[..., 3]
    assert ((alpha > 0) & (alpha < 255)).sum() > 50
    assert (alpha == 255).mean() > (0.3 if name in KINDS else 0.08)
    for border in (alpha[0], alpha[-1], alpha[:, 0], alpha[:, -1]):
        assert not border.any()


@pytest.mark.parametrize("name", ["waving", "running", "stop", "way", "van"])
def test_cutouts_are_functions_of_their_seed(name: str) -> None:
    draw = drawings()[name]
    assert np.array_equal(draw(3), draw(3))
    assert hashlib.sha256(draw(3)).digest() != hashlib.sha256(draw(4)).digest()


@pytest.mark.parametrize("draw", [draw_person, draw_sign])
def test_people_and_signs_are_about_as_tall_as_asked(draw: Callable[..., Cutout]) -> None:
    for seed in range(4):
        assert 0.6 * 200 < len(draw(generator(seed), height=200)) < 1.2 * 200


def test_people_differ_in_what_they_wear() -> None:
    people = [draw_person(generator(seed), pose="standing", height=120) for seed in range(6)]
    colours = [person[person[..., 3] == 255][:, :3].mean(0) for person in people]
    apart = [np.abs(a - b).max() for i, a in enumerate(colours) for b in colours[:i]]
    assert min(apart) > 4
