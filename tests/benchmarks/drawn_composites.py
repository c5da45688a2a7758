"""Composites whose true depth is known: drawn things cut out and put back on drawn scenes.

The caster draws a scene without a thing, the thing alone, and knows the depth of both. The thing
stands on the ground and nothing is before it, so the composite is a picture of the whole.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from depthmask.drawing.caster import Camera, Light, Shape, View, cast
from depthmask.drawing.scenery import Props, Rng, car, figure, solid
from depthmask.drawing.scenes import STYLES, nearness
from pipeline.compositing.foreground import Foreground
from pipeline.compositing.place import Box

THINGS = ("car", "cut-out", "solid")
"""A car with depth of its own, a drawn car as a flat upright card, a box, ball or cone."""

_TRIES = 100
_SMALLEST, _LARGEST = 0.25, 0.75
_SEED = 555


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DrawnComposite:
    """A background "RGB" (S, S), a foreground with its box, and true nearness (S, S) in 1/m."""

    style: str
    thing: str
    background: Image.Image
    foreground: Foreground
    box: Box
    nearness: NDArray[np.float32]


def draw_composite(number: int, side: int) -> DrawnComposite | None:
    """The composite of a number; None where no thing would stand free in view."""
    rng = np.random.default_rng((_SEED, number))
    style = list(STYLES)[number % len(STYLES)]
    thing = THINGS[number // len(STYLES) % len(THINGS)]
    if (style, thing) == ("table", "car"):
        thing = "solid"
    shapes, camera, light = STYLES[style](rng, Props())
    scene = cast(_clear_of_camera(shapes), camera, light, height=side, width=side)
    for _ in range(_TRIES):
        things = _place(rng, thing, small=style == "table")
        if not _in_view(things, camera, light, side):
            continue
        alone = cast(things, camera, light, height=2 * side, width=2 * side)
        depth = alone.depth[::2, ::2]
        covers = np.isfinite(depth)
        if (depth[covers] >= scene.depth[covers]).mean() < 0.02:
            return _cut_out(style, thing, scene, alone)
    return None


def _place(rng: Rng, thing: str, *, small: bool) -> list[Shape]:
    """A thing on the ground, somewhere before the camera; a small one for table tops."""
    z = float(rng.uniform(0.4, 2.5) if small else rng.uniform(2, 14))
    x = float(rng.uniform(-0.5, 0.5)) * z
    if thing == "car":
        return car(rng, Props(), x, z)
    size = float(rng.uniform(0.06, 0.4) if small else rng.uniform(0.5, 2.4))
    if thing == "cut-out":
        return [figure(rng, Props(), x, z, size)]
    return [solid(rng, Props(), x, z, size)]


def _in_view(things: Sequence[Shape], camera: Camera, light: Light, side: int) -> bool:
    """Whether things are wholly in view, and as large as foregrounds are."""
    small = side // 2
    seen = cast(things, camera, light, height=small, width=small).owner >= 0
    if not seen.any():
        return False
    sides = [np.flatnonzero(seen.any(axis=axis)) for axis in (0, 1)]
    longest = max(np.ptp(places) + 1 for places in sides) / small
    inside = all(places[0] >= 2 and places[-1] <= small - 3 for places in sides)
    return inside and _SMALLEST < longest < _LARGEST


def _clear_of_camera(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes that the camera, which stands near the origin, is not within."""
    bounds = [shape.bound() for shape in shapes]
    return [
        shape
        for shape, (centre, radius) in zip(shapes, bounds, strict=True)
        if radius >= 5 or float(np.linalg.norm(centre)) >= radius + 0.2
    ]


def _cut_out(style: str, thing: str, scene: View, alone: View) -> DrawnComposite:
    """A scene, and a thing that is cast at twice its size, as background and foreground."""
    covers = (alone.owner >= 0).astype(np.float32)
    alpha = _halved(covers)
    colour = _halved(alone.colour * covers[..., None]) / np.maximum(alpha, 1e-3)[..., None]
    pixels = np.dstack([np.clip(colour * 255, 0, 255), alpha * 255]).round().astype(np.uint8)
    picture = Image.fromarray(pixels)  # (S, S, 4)
    left, top, right, bottom = picture.getchannel("A").getbbox() or (0, 0, 1, 1)
    cropped = picture.crop((left, top, right, bottom))
    depth = np.minimum(alone.depth[::2, ::2], scene.depth)
    return DrawnComposite(
        style=style,
        thing=thing,
        background=Image.fromarray((scene.colour * 255).astype(np.uint8)),
        foreground=Foreground(cropped.convert("RGBa"), cropped.size),
        box=(left, top, right - left, bottom - top),
        nearness=nearness(depth),
    )


def _halved(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The mean of each block of 2 x 2: (2S, 2S, ...) -> (S, S, ...)."""
    quarter: NDArray[np.float32] = (
        pixels[::2, ::2] + pixels[1::2, ::2] + pixels[::2, 1::2] + pixels[1::2, 1::2]
    ) / 4
    return quarter
