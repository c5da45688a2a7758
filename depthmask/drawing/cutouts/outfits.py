"""What drawn people wear, and what they look like."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from depthmask.drawing.cutouts.painting import Colour

_T = TypeVar("_T")

TOPS = ("tee", "jumper", "shirt", "jacket", "coat", "dress", "tee", "jumper")
LEGS = ("trousers", "trousers", "jeans", "shorts", "skirt")
HAIR = ("short", "parted", "long", "bun", "curly", "bald", "tail")
HATS = (None, None, None, None, None, "cap", "beanie", "sunhat")
BAGS = (None, None, "backpack", "handbag", None)

_SKINS: tuple[Colour, ...] = (
    (246, 212, 188), (232, 186, 152), (212, 158, 118), (174, 118, 82), (128, 82, 56),
    (92, 58, 42),
)  # fmt: skip
_HAIRS: tuple[Colour, ...] = (
    (34, 28, 26), (58, 40, 30), (98, 62, 38), (150, 98, 54), (206, 164, 96), (150, 148, 146),
    (132, 58, 34),
)  # fmt: skip
_CLOTHS: tuple[Colour, ...] = (
    (188, 42, 46), (32, 74, 132), (236, 234, 226), (44, 46, 52), (120, 126, 132), (226, 172, 52),
    (44, 110, 84), (206, 104, 52), (98, 62, 118), (122, 170, 196), (196, 178, 144), (116, 36, 54),
    (70, 84, 66), (224, 142, 158), (60, 130, 136), (156, 88, 60),
)  # fmt: skip
_LEG_CLOTHS: tuple[Colour, ...] = (
    (38, 40, 46), (56, 62, 74), (150, 136, 108), (92, 82, 68), (72, 78, 62), (112, 114, 118),
)  # fmt: skip
_JEANS: tuple[Colour, ...] = ((52, 76, 116), (84, 112, 150), (36, 48, 74))
_SHOES: tuple[Colour, ...] = (
    (30, 28, 28), (90, 58, 38), (226, 226, 222), (150, 40, 44), (60, 70, 86),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Outfit:
    """Kinds are of TOPS, LEGS, HAIR, HATS and BAGS; `stripes` is a second colour of the top."""

    skin: Colour
    hair: str
    hair_colour: Colour
    top: str
    top_colour: Colour
    under_colour: Colour
    stripes: Colour | None
    legs: str
    legs_colour: Colour
    shoes: Colour
    hat: str | None
    bag: str | None
    bag_colour: Colour
    slim: bool


def _one(rng: np.random.Generator, choices: tuple[_T, ...]) -> _T:
    return choices[int(rng.integers(len(choices)))]


def choose_outfit(rng: np.random.Generator) -> Outfit:
    """Something to wear; colours of the parts differ from one another."""
    top = _one(rng, _CLOTHS)
    others = tuple(colour for colour in _CLOTHS if colour != top)
    legs = _one(rng, LEGS)
    kind = _one(rng, TOPS)
    cloths = {"jeans": _JEANS, "skirt": others}.get(legs, _LEG_CLOTHS)
    return Outfit(
        skin=_one(rng, _SKINS),
        hair=_one(rng, HAIR),
        hair_colour=_one(rng, _HAIRS),
        top=kind,
        top_colour=top,
        under_colour=_one(rng, others),
        stripes=_one(rng, others) if kind in ("tee", "jumper") and rng.random() < 0.4 else None,
        legs="bare" if kind == "dress" else legs,
        legs_colour=_one(rng, cloths),
        shoes=_one(rng, _SHOES),
        hat=_one(rng, HATS),
        bag=_one(rng, BAGS),
        bag_colour=_one(rng, others),
        slim=bool(rng.random() < 0.5),
    )
