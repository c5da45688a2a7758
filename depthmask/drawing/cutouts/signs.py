"""Drawn road signs: RGBA pictures of plates on poles, as they stand beside a road.

A transparent margin keeps the border free.
"""

import numpy as np
from PIL import Image

from depthmask.drawing.cutouts.painting import (
    OVER,
    Colour,
    Cutout,
    Piece,
    Point,
    disc,
    frame_drawing,
    limb,
    paint_part,
    polygon,
    reduce_drawing,
    tone,
)
from depthmask.drawing.cutouts.sign_plates import OUTLINES, PLATES, Plate
from depthmask.drawing.cutouts.stroke_letters import write

_POLES: tuple[Colour, ...] = ((150, 154, 158), (176, 178, 180), (112, 116, 120), (126, 96, 66))
_DOUBLE = ("directions", "bend")


def _smaller(points: tuple[Point, ...], rim: float) -> tuple[Point, ...]:
    """A convex outline with each edge moved inwards by `rim`."""
    edges = []
    for (x, y), (x2, y2) in zip(points, (*points[1:], points[0]), strict=True):
        reach = ((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5
        across, up = (y2 - y) / reach, (x - x2) / reach  # inwards: outlines run clockwise
        edges.append((across, up, across * x + up * y + rim))
    corners = []
    for (a, b, c), (d, e, f) in zip((edges[-1], *edges[:-1]), edges, strict=True):
        bottom = a * e - b * d
        corners.append(((c * e - b * f) / bottom, (a * f - c * d) / bottom))
    return tuple(corners)


def _outline(plate: Plate, centre: Point, radius: float, rim: float) -> list[Piece]:
    if plate.shape == "disc":
        return [disc(centre, radius * (1 - rim))]
    points = OUTLINES[plate.shape]
    points = _smaller(points, rim) if rim else points
    return [polygon([(centre[0] + x * radius, centre[1] - y * radius) for x, y in points])]


def _paint_plate(image: Image.Image, plate: Plate, centre: Point, radius: float) -> None:
    """A plate with its rims, figures and words, the light falling from the upper left."""
    edge = 0.09 * radius
    paint_part(
        image, _outline(plate, centre, radius, 0), plate.ground, corner=edge, depth=0.02 * radius,
        shadow=0.04 * radius,
    )  # fmt: skip
    for number, (colour, rim) in enumerate(plate.rims, 1):
        inner = edge * max(0.2, 1 - 3 * rim)
        sheen = 0.04 * radius if number == len(plate.rims) else 0.0
        paint_part(image, _outline(plate, centre, radius, rim), colour, corner=inner, depth=sheen)
    for colour, points in plate.figures:
        figure = [(centre[0] + x * radius, centre[1] - y * radius) for x, y in points]
        paint_part(image, [polygon(figure)], colour, corner=0.012 * radius)
    lines = len(plate.texts)
    for number, text in enumerate(plate.texts):
        level = centre[1] - (plate.text_at[1] + 0.55 * ((lines - 1) / 2 - number)) * radius
        at = (centre[0] + plate.text_at[0] * radius, level)
        paint_part(image, write(text, at, plate.letters * radius, 0.17), plate.ink)


def _paint_pole(
    image: Image.Image, x: float, top: float, foot: float, thick: float, metal: Colour
) -> None:
    paint_part(image, limb(((x, top), (x, foot)), (thick, thick)), metal, depth=thick * 0.8)
    collar = thick * 1.9
    low = [(x - collar, foot - collar * 0.8), (x + collar, foot - collar * 0.8)]
    wide = [(x + collar * 1.35, foot + thick), (x - collar * 1.35, foot + thick)]
    paint_part(
        image, [polygon([*low, *wide])], tone(metal, 0.72), corner=thick * 0.3, depth=thick * 0.6
    )


def draw_sign(rng: np.random.Generator, *, kind: str | None = None, height: int = 300) -> Cutout:
    """A drawn road sign, (h, w, 4) uint8 RGBA with straight alpha; about `height` pixels tall.

    `kind`: one of PLATES, or None for a random one; another plate may hang below it. Alpha is 0
    along all four borders and between 0 and 255 along the sign's edge.
    """
    if kind is None:
        kind = tuple(PLATES)[int(rng.integers(len(PLATES)))]
    tall = float(height * OVER)
    radius = tall * float(rng.uniform(0.15, 0.19))
    reach = 1.7 * radius
    image = Image.new("RGBA", (int(2 * reach + tall * 0.1), int(tall * 1.1)))
    x, top, foot = image.width / 2, tall * 0.05, tall * 1.03
    centre = (x, top + 1.1 * radius)
    metal = _POLES[int(rng.integers(len(_POLES)))]
    thick = tall * float(rng.uniform(0.011, 0.016)) * (1.5 if metal == _POLES[-1] else 1)
    for side in (-0.8, 0.8) if kind in _DOUBLE else (0.0,):
        _paint_pole(image, x + side * radius, centre[1] - 0.3 * radius, foot, thick, metal)
    _paint_plate(image, _one(rng, PLATES[kind]), centre, radius)
    if kind == "way" and rng.random() < 0.6:
        _paint_plate(image, _one(rng, PLATES["way"]), (x, centre[1] + 0.95 * radius), radius)
    elif kind not in ("way", "directions", "bend", "street") and rng.random() < 0.35:
        _paint_below(rng, image, (x, centre[1] + 1.5 * radius), radius)
    squeeze = float(rng.uniform(0.82, 1.0))  # seen a little from the side
    turned = image.resize((int(image.width * squeeze), image.height), Image.Resampling.BILINEAR)
    sign = reduce_drawing(frame_drawing(turned))
    return sign[:, ::-1].copy() if kind == "bend" and rng.random() < 0.5 else sign


def _one(rng: np.random.Generator, plates: tuple[Plate, ...]) -> Plate:
    return plates[int(rng.integers(len(plates)))]


def _paint_below(rng: np.random.Generator, image: Image.Image, at: Point, radius: float) -> None:
    """A small white plate with a distance, below the sign."""
    half = (0.72 * radius, 0.3 * radius)
    corners = [
        (at[0] + i * half[0], at[1] + j * half[1]) for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    ]
    paint_part(image, [polygon(corners)], (40, 40, 42), corner=0.05 * radius, shadow=0.03 * radius)
    inner = [(at[0] + (x - at[0]) * 0.94, at[1] + (y - at[1]) * 0.86) for x, y in corners]
    paint_part(image, [polygon(inner)], (240, 240, 236), corner=0.04 * radius)
    text = ("100 M", "200 M", "2 KM", "500 M", "BUS")[int(rng.integers(5))]
    paint_part(image, write(text, at, 0.3 * radius, 0.17), (30, 30, 32))
