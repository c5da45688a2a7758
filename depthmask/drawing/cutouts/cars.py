"""Drawn cars: RGBA pictures with a soft, anti-aliased edge, in several bodies and views.

A transparent margin keeps the border free.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageChops, ImageDraw

from depthmask.drawing.cutouts.car_bodies import BODIES, Body
from depthmask.drawing.cutouts.painting import (
    OVER,
    Colour,
    Cutout,
    Point,
    fill,
    ramp,
    reduce_drawing,
    rounded,
    shape,
    tone,
)

Placer = Callable[[tuple[Point, ...]], list[Point]]

_PAINTS: tuple[Colour, ...] = (
    (196, 30, 38), (24, 78, 160), (240, 240, 238), (30, 32, 36), (150, 156, 162),
    (236, 178, 26), (28, 112, 74), (214, 96, 28), (86, 44, 110), (110, 172, 208),
    (222, 206, 170), (122, 20, 44), (64, 74, 84), (172, 196, 92), (236, 128, 160),
)  # fmt: skip

KINDS: tuple[str, ...] = (*BODIES, "front", "rear")


def _wheel(image: Image.Image, centre: Point, radius: float, spokes: int, rim: Colour) -> None:
    pen = ImageDraw.Draw(image)

    def disc(share: float, fill: Colour) -> None:
        r = radius * share
        pen.ellipse((centre[0] - r, centre[1] - r, centre[0] + r, centre[1] + r), fill=fill)

    disc(1, (24, 24, 26))
    disc(0.93, (44, 44, 47))
    disc(0.66, tone(rim, 0.55))
    for turn in np.arange(spokes) * 2 * np.pi / spokes + 0.3:
        tip = (centre[0] + radius * 0.62 * np.cos(turn), centre[1] + radius * 0.62 * np.sin(turn))
        pen.line((*centre, *tip), fill=rim, width=max(1, int(radius * 0.16)))
    disc(0.2, tone(rim, 0.8))


def _side(rng: np.random.Generator, kind: str, length: int) -> Image.Image:
    """A side view that looks left; `length` in pixels at the drawing's size."""
    body = BODIES[kind]
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    margin, radius = length * 0.05, body.wheel * length * rng.uniform(0.92, 1.06)
    roof = max(y for _, y in body.outline) * rng.uniform(0.94, 1.08)
    stretch = roof / max(y for _, y in body.outline)
    width = int(length + 2 * margin)
    sill = margin + roof * length
    height = int(sill + radius * 0.75 + margin)
    size = (width, height)

    def place(points: tuple[Point, ...]) -> list[Point]:
        return [(margin + x * length, sill - y * stretch * length) for x, y in points]

    image = Image.new("RGBA", size, (0, 0, 0, 0))
    hull = rounded(shape(size, place(body.outline)), length * 0.012)
    fill(image, hull, ramp(size, tone(paint, 1.25), tone(paint, 0.72)))
    belt = Image.new("L", size, 0)
    belt_top = sill - 0.115 * stretch * length
    ImageDraw.Draw(belt).rectangle((0, belt_top, width, belt_top + length * 0.012), fill=120)
    fill(image, ImageChops.multiply(belt, hull), tone(paint, 1.5))
    skirt = Image.new("L", size, 0)
    ImageDraw.Draw(skirt).rectangle((0, sill - length * 0.03, width, height), fill=255)
    trim = tone(paint, 0.45) if rng.random() < 0.7 else (52, 54, 58)
    fill(image, ImageChops.multiply(skirt, hull), trim)
    glass_top, glass_low = ((150, 176, 192), (46, 60, 72)) if rng.random() < 0.6 else (
        (96, 104, 112), (22, 26, 32))  # fmt: skip
    for window in body.windows:
        pane = rounded(shape(size, place(window)), length * 0.005)
        fill(image, pane, ramp(size, glass_top, glass_low))
    if rng.random() < 0.35:
        stripe = Image.new("L", size, 0)
        level = sill - rng.uniform(0.06, 0.1) * length
        ImageDraw.Draw(stripe).rectangle((0, level, width, level + length * 0.018), fill=255)
        fill(image, ImageChops.multiply(stripe, hull), _PAINTS[int(rng.integers(len(_PAINTS)))])
    _details(image, place, body, paint, length)
    rim: Colour = (196, 200, 204) if rng.random() < 0.8 else (90, 92, 96)
    spokes = int(rng.integers(5, 11))
    for x in body.wheels:
        centre = (margin + x * length, sill - radius * 0.25)
        arch = Image.new("L", size, 0)
        r = radius * 1.16
        box = (centre[0] - r, centre[1] - r, centre[0] + r, centre[1] + r)
        ImageDraw.Draw(arch).ellipse(box, fill=255)
        fill(image, ImageChops.multiply(arch, hull), (16, 16, 18))
        _wheel(image, centre, radius, spokes, rim)
    return image


def _details(image: Image.Image, place: Placer, body: Body, paint: Colour, length: int) -> None:
    """Door lines, handles, lamps and bumpers."""
    pen = ImageDraw.Draw(image)
    thin = max(1, length // 160)
    for x in body.doors:
        (left, low), (_, high) = place(((x, 0.035), (x, 0.16)))
        pen.line((left, low, left, high), fill=tone(paint, 0.55), width=thin)
        (hx, hy) = place(((x - 0.035, 0.135),))[0]
        pen.rectangle((hx, hy, hx + length * 0.025, hy + thin * 2), fill=tone(paint, 0.5))
    lamp = place(((0.012, 0.115), (0.05, 0.128), (0.045, 0.1), (0.014, 0.09)))
    pen.polygon(lamp, fill=(250, 246, 214))
    tail = place(((0.99, 0.13), (0.963, 0.13), (0.963, 0.1), (0.992, 0.1)))
    pen.polygon(tail, fill=(204, 24, 24))


def _end(rng: np.random.Generator, kind: str, width: int) -> Image.Image:
    """A view from the front or from the rear; `width` in pixels at the drawing's size."""
    paint = _PAINTS[int(rng.integers(len(_PAINTS)))]
    margin = width * 0.07
    tall = rng.uniform(0.72, 1.0)
    size = (int(width + 2 * margin), int(width * tall + 2 * margin))
    base = size[1] - margin

    def place(*points: Point) -> list[Point]:
        return [(margin + x * width, base - y * tall * width) for x, y in points]

    def mirrored(*points: Point) -> list[Point]:
        return place(*points, *((1 - x, y) for x, y in reversed(points)))

    image = Image.new("RGBA", size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(image)
    for left in (0.06, 0.76):
        (x, y), (x2, y2) = place((left, 0.24), (left + 0.18, 0.0))
        pen.rounded_rectangle((x, y, x2, y2), radius=width * 0.03, fill=(26, 26, 28))
    hull = mirrored((0.04, 0.1), (0.01, 0.2), (0.02, 0.5), (0.08, 0.58), (0.2, 0.94), (0.28, 1.0))
    body = rounded(shape(size, hull), width * 0.025)
    fill(image, body, ramp(size, tone(paint, 1.2), tone(paint, 0.75)))
    pane = mirrored((0.15, 0.6), (0.235, 0.9), (0.3, 0.945))
    glass = rounded(shape(size, pane), width * 0.015)
    fill(image, glass, ramp(size, (158, 182, 196), (44, 56, 66)))
    pen = ImageDraw.Draw(image)
    light: Colour = (250, 246, 220) if kind == "front" else (206, 26, 26)
    for flip in (False, True):
        lamp = [(0.05, 0.46), (0.25, 0.44), (0.23, 0.34), (0.05, 0.37)]
        pen.polygon(place(*((1 - x if flip else x, y) for x, y in lamp)), fill=light)
    (x, y), (x2, y2) = place((0.3, 0.44), (0.7, 0.33))
    pen.rounded_rectangle((x, y, x2, y2), radius=width * 0.02, fill=(30, 32, 36))
    for bar in np.linspace(0.355, 0.42, 3) if kind == "front" else ():
        (a, c), (b, _) = place((0.31, bar), (0.69, bar))
        pen.line((a, c, b, c), fill=(140, 144, 148), width=max(1, width // 120))
    (x, y), (x2, y2) = place((0.03, 0.25), (0.97, 0.13))
    pen.rounded_rectangle((x, y, x2, y2), radius=width * 0.03, fill=tone(paint, 0.55))
    (x, y), (x2, y2) = place((0.39, 0.245), (0.61, 0.165))
    pen.rectangle((x, y, x2, y2), fill=(236, 236, 228))
    return image


def draw_car(rng: np.random.Generator, *, kind: str | None = None, length: int = 240) -> Cutout:
    """A drawn car, (h, w, 4) uint8 RGBA with straight alpha; about `length` pixels wide.

    `kind`: one of KINDS, or None for a random one. Looks left or right at random. Alpha is 0
    along all four borders and between 0 and 255 along the car's edge.
    """
    if kind is None:
        kind = KINDS[int(rng.integers(len(KINDS)))]
    if kind in BODIES:
        large = _side(rng, kind, length * OVER)
    else:
        large = _end(rng, kind, int(length * 0.6) * OVER)
    car = reduce_drawing(large)
    return car[:, ::-1].copy() if rng.random() < 0.5 else car
