"""What drawn scenes are built from: surfaces, walls, solids, trees, cars, figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthmask.drawing.caster import Look, Shape, Texture, vector
from depthmask.drawing.cutouts.cars import draw_car
from depthmask.drawing.shapes import Box, Card, Cone, Ellipsoid, Plane
from depthmask.drawing.textures import Picture, named, texture

Rng = np.random.Generator


@dataclass(frozen=True, slots=True)
class Props:
    """What scenes may use besides textures: photographs (h, w, 3) and cut-outs (h, w, 4).

    `labels` are nearness maps (h, w) of the photographs by a pseudo-labeller, or none.
    """

    photographs: tuple[Picture, ...] = ()
    cutouts: tuple[Picture, ...] = ()
    labels: tuple[NDArray[np.float16], ...] = ()


def random_look(rng: Rng, props: Props, metres: float = 2.0, *, recipe: str | None = None) -> Look:
    """A random surface: texture, scale, tint, sometimes gloss; `recipe` names a texture."""
    picture = named(rng, recipe) if recipe else texture(rng, props.photographs)
    tint = rng.uniform(0.75, 1.1, 3).astype(np.float32)
    gloss = float(rng.uniform(0, 0.5)) if rng.random() < 0.25 else 0.0
    return Look(
        texture=Texture(picture), metres=metres * float(rng.uniform(0.5, 2)), tint=tint, gloss=gloss
    )


def floor(look: Look, height: float = 0.0) -> Plane:
    """An endless level plane."""
    return Plane(vector(0, height, 0), vector(0, 0, 1), vector(1, 0, 0), look)


def wall_ahead(look: Look, z: float) -> Plane:
    """An endless upright plane across the view."""
    return Plane(vector(0, 0, z), vector(1, 0, 0), vector(0, -1, 0), look)


def wall_beside(look: Look, x: float) -> Plane:
    """An endless upright plane along the view."""
    return Plane(vector(x, 0, 0), vector(0, 0, 1), vector(0, -1, 0), look)


def cutout(rng: Rng, props: Props) -> Picture:
    """A picture with alpha: one of those given, or a drawn car."""
    if props.cutouts and rng.random() < 0.7:
        return props.cutouts[int(rng.integers(len(props.cutouts)))]
    return draw_car(rng, length=120)


def figure(rng: Rng, props: Props, x: float, z: float, height: float, foot: float = 0.0) -> Card:
    """A cut-out that stands upright, turned a little."""
    picture = cutout(rng, props)
    width = height * picture.shape[1] / picture.shape[0]
    look = Look(texture=Texture(picture), metres=1.0, glow=float(rng.uniform(0.2, 0.8)))
    return Card(vector(x, foot, z), width, height, look, float(rng.normal(0, 0.25)))


def solid(rng: Rng, props: Props, x: float, z: float, size: float, foot: float = 0.0) -> Shape:
    """A box, ball, cylinder or cone of about `size` that stands at (x, foot, z)."""
    look = random_look(rng, props, size)
    kind = rng.integers(4)
    a, b, c = size * rng.uniform(0.3, 0.7, 3)
    if kind == 0:
        half = np.array([a, b, c], np.float32)
        return Box(vector(x, foot + b, z), half, look, float(rng.uniform(0, 3.2)))
    if kind == 1:
        radii = np.array([a, b, c], np.float32)
        return Ellipsoid(vector(x, foot + b, z), radii, look, float(rng.uniform(0, 3.2)))
    above = a * float(rng.choice([1.0, 1.0, 0.0, rng.uniform(0.3, 1.4)]))
    return Cone(vector(x, foot, z), 2 * b, a, above, look)


def tree(rng: Rng, props: Props, x: float, z: float) -> list[Shape]:
    """A trunk with a crown of balls or a cone."""
    height = float(rng.uniform(2.5, 9))
    trunk = height * float(rng.uniform(0.25, 0.5))
    bark, crown = (
        random_look(rng, props, 0.5, recipe="wood"),
        random_look(rng, props, 2, recipe="leaves"),
    )
    shapes: list[Shape] = [Cone(vector(x, 0, z), trunk * 1.3, height * 0.03, height * 0.025, bark)]
    if rng.random() < 0.3:
        wide = height * float(rng.uniform(0.15, 0.3))
        return [*shapes, Cone(vector(x, trunk, z), height - trunk, wide, 0.0, crown)]
    for _ in range(int(rng.integers(1, 4))):
        radii = height * rng.uniform(0.14, 0.3, 3)
        off = rng.normal(0, height * 0.08, 3)
        centre = vector(x + off[0], trunk + radii[1] + abs(off[1]), z + off[2])
        shapes.append(Ellipsoid(centre, radii.astype(np.float32), crown))
    return shapes


def car(rng: Rng, props: Props, x: float, z: float) -> list[Shape]:
    """A car of boxes with wheels, along or across the view."""
    yaw = float(rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.1))
    paint = random_look(rng, props, 3, recipe="plain")
    paint = Look(texture=paint.texture, metres=3, tint=paint.tint, gloss=0.5)
    glass = Look(texture=Texture(named(rng, "plain")), tint=vector(0.3, 0.35, 0.4), gloss=0.6)
    rubber = Look(texture=Texture(named(rng, "speckled")), tint=vector(0.15, 0.15, 0.15))
    length, width = float(rng.uniform(1.7, 2.4)), float(rng.uniform(0.8, 1.0))
    low = float(rng.uniform(0.35, 0.5))
    shapes: list[Shape] = [
        Box(vector(x, 0.3 + low, z), vector(width, low, length), paint, yaw),
        Box(vector(x, 0.55 + 2 * low, z), vector(width * 0.85, 0.33, length * 0.55), glass, yaw),
    ]
    c, s = np.cos(yaw), np.sin(yaw)
    for side in (-1, 1):
        for end in (-0.6, 0.6):
            dx, dz = side * width, end * length
            centre = vector(x + c * dx + s * dz, 0.33, z - s * dx + c * dz)
            shapes.append(Ellipsoid(centre, vector(0.12, 0.33, 0.33), rubber, yaw))
    return shapes
