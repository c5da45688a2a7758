"""Random drawn scenes with exact depth: streets, rooms, fields, table tops, yards.

Every scene is a function of a numpy generator and of what it may use: photographs as textures,
cut-outs as figures that stand upright. Metres; the camera stands near the origin and looks
along z.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from depthmask.drawing.caster import Array, Camera, Light, Look, Shape, Texture, View, cast, vector
from depthmask.drawing.scenery import (
    Props,
    Rng,
    car,
    figure,
    floor,
    random_look,
    solid,
    tree,
    wall_ahead,
    wall_beside,
)
from depthmask.drawing.shapes import Box, Ellipsoid
from depthmask.drawing.textures import facade, noise

Map = NDArray[np.float32]

_LOW, _HIGH = 0.05, 0.95


def camera_at(
    rng: Rng, height: tuple[float, float], pitch: tuple[float, float], *, spread: float = 0.3
) -> Camera:
    """A camera at a height (metres) with a pitch (radians), each drawn from its range."""
    return Camera(
        vector(0, float(rng.uniform(*height)), 0),
        yaw=float(rng.normal(0, spread)),
        pitch=float(rng.uniform(*pitch)),
        roll=float(rng.normal(0, 0.03)),
        focal=float(np.exp(rng.uniform(np.log(0.7), np.log(2.0)))),
    )


def daylight(rng: Rng) -> Light:
    """The sun and a sky, sometimes with clouds, fog or dusk."""
    sun = rng.normal(0, 1, 3)
    sun[1] = abs(sun[1]) + 0.3
    haze = rng.uniform(0.55, 1.0)
    sky_low = np.clip(haze + rng.normal(0, 0.06, 3), 0, 1)
    sky_high = np.clip(haze * np.array([0.45, 0.65, 0.95]) + rng.normal(0, 0.08, 3), 0, 1)
    if rng.random() < 0.2:
        sky_low, sky_high = np.array([0.95, 0.6, 0.35]), np.array([0.35, 0.3, 0.5])
    clouds = Texture(np.repeat((noise(rng) * 255).astype(np.uint8)[..., None], 3, -1))
    return Light(
        sun=(sun / np.linalg.norm(sun)).astype(np.float32),
        ambient=float(rng.uniform(0.3, 0.75)),
        sky_low=sky_low.astype(np.float32),
        sky_high=sky_high.astype(np.float32),
        clouds=clouds if rng.random() < 0.6 else None,
        fog=float(rng.uniform(0.004, 0.03)) if rng.random() < 0.3 else 0.0,
        shadows=bool(rng.random() < 0.7),
    )


def lamplight(rng: Rng) -> Light:
    """A lamp above or behind the camera, and strong ambient light."""
    sun = rng.normal(0, 1, 3)
    sun[1], sun[2] = abs(sun[1]) + 0.5, -abs(sun[2])
    warm = np.array([1.0, 0.95, 0.85], np.float32) * np.float32(rng.uniform(0.6, 1))
    return Light(
        sun=(sun / np.linalg.norm(sun)).astype(np.float32),
        ambient=float(rng.uniform(0.45, 0.85)),
        sky_low=warm,
        sky_high=warm,
        shadows=bool(rng.random() < 0.5),
    )


def street(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """A road between houses, with cars, trees, poles and figures."""
    half = float(rng.uniform(3, 8))
    shapes: list[Shape] = [
        floor(random_look(rng, props, 2, recipe=str(rng.choice(["speckled", "bricks", "grass"])))),
        Box(vector(0, -0.49, 50), vector(half * 0.7, 0.5, 90), random_look(rng, props, 3)),
    ]
    for side in (-1, 1):
        if rng.random() < 0.15:
            continue
        z = float(rng.uniform(1, 9))  # along the street
        while z < 70:
            deep, high, wide = rng.uniform(2, 8), rng.uniform(2, 12), rng.uniform(2, 6)
            look = Look(texture=Texture(facade(rng)), metres=float(rng.uniform(3, 8)))
            centre = vector(side * (half + wide + rng.uniform(0, 3)), high, z + deep)
            shapes.append(Box(centre, vector(wide, high, deep), look))
            z += 2 * deep + float(rng.choice([0.0, rng.uniform(0.5, 12)]))
    for _ in range(int(rng.integers(0, 5))):
        shapes += car(rng, props, float(rng.uniform(-half, half)), float(rng.uniform(5, 35)))
    for _ in range(int(rng.integers(0, 4))):
        x = float(rng.choice([-1, 1]) * half * rng.uniform(0.7, 1.2))
        shapes += tree(rng, props, x, float(rng.uniform(4, 40)))
    for _ in range(int(rng.integers(0, 4))):
        x, z = float(rng.uniform(-half, half)), float(rng.uniform(3, 18))
        shapes.append(figure(rng, props, x, z, float(rng.uniform(1, 2.4))))
    return shapes, camera_at(rng, (0.8, 3.0), (-0.18, 0.08)), daylight(rng)


def field(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """Open land: hills, trees, stones, far mountains, figures."""
    ground = str(rng.choice(["grass", "speckled", "patches", "clouded"]))
    shapes: list[Shape] = [floor(random_look(rng, props, 4, recipe=ground))]
    for _ in range(int(rng.integers(0, 5))):
        radii = np.array([rng.uniform(10, 60), rng.uniform(2, 14), rng.uniform(10, 60)], np.float32)
        centre = vector(rng.uniform(-60, 60), -radii[1] * 0.2, rng.uniform(40, 140))
        shapes.append(Ellipsoid(centre, radii, random_look(rng, props, 12)))
    for _ in range(int(rng.integers(0, 10))):
        shapes += tree(rng, props, float(rng.uniform(-20, 20)), float(rng.uniform(5, 50)))
    for _ in range(int(rng.integers(0, 6))):
        x, z = float(rng.uniform(-6, 6)), float(rng.uniform(2.5, 20))
        shapes.append(solid(rng, props, x, z, float(rng.uniform(0.4, 2.5))))
    for _ in range(int(rng.integers(0, 4))):
        x, z = float(rng.uniform(-5, 5)), float(rng.uniform(3, 20))
        shapes.append(figure(rng, props, x, z, float(rng.uniform(0.8, 2.5))))
    return shapes, camera_at(rng, (0.6, 4.0), (-0.25, 0.06)), daylight(rng)


def room(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """A room or corridor seen from within, with furniture and figures."""
    wide, deep, high = rng.uniform(1.2, 4), rng.uniform(2.5, 9), rng.uniform(2.2, 3.5)
    wall = random_look(rng, props, 2)
    shapes: list[Shape] = [
        floor(random_look(rng, props, 1.5)),
        floor(random_look(rng, props, 2, recipe="plain"), float(high)),
        wall_ahead(wall, float(deep)),
        wall_beside(wall if rng.random() < 0.7 else random_look(rng, props, 2), float(-wide)),
        wall_beside(wall if rng.random() < 0.7 else random_look(rng, props, 2), float(wide)),
    ]
    for _ in range(int(rng.integers(1, 8))):
        x, z = float(rng.uniform(-wide, wide)), float(rng.uniform(1.2, deep))
        size = float(rng.uniform(0.3, 1.3))
        shapes.append(solid(rng, props, x, z, size))
        if rng.random() < 0.3:
            shapes.append(solid(rng, props, x, z, size * 0.4, size))
    for _ in range(int(rng.integers(0, 3))):
        x, z = float(rng.uniform(-wide, wide)), float(rng.uniform(1.2, deep))
        shapes.append(figure(rng, props, x, z, float(rng.uniform(0.5, 1.9))))
    for side in (-1, 1):
        if rng.random() < 0.5:
            half = vector(0.25, rng.uniform(0.3, 1.2), rng.uniform(0.3, 1))
            centre = vector(side * (wide - 0.2), half[1], rng.uniform(1, deep))
            shapes.append(Box(centre, half, random_look(rng, props, 1)))
    return shapes, camera_at(rng, (0.7, 1.9), (-0.35, 0.05)), lamplight(rng)


def table(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """Things on a table top in front of a wall, seen from close by."""
    wall = float(rng.uniform(0.9, 3.5))
    shapes: list[Shape] = [
        floor(random_look(rng, props, 0.6)),
        wall_ahead(random_look(rng, props, 1.2), wall),
    ]
    for _ in range(int(rng.integers(1, 9))):
        z = float(rng.uniform(0.35, max(0.5, wall - 0.1)))
        x = float(rng.uniform(-0.6, 0.6)) * (z + 0.3)
        shapes.append(solid(rng, props, x, z, float(rng.uniform(0.06, 0.3))))
    for _ in range(int(rng.integers(0, 3))):
        z = float(rng.uniform(0.35, max(0.5, wall - 0.1)))
        shapes.append(figure(rng, props, float(rng.uniform(-0.4, 0.4)), z, rng.uniform(0.1, 0.4)))
    return shapes, camera_at(rng, (0.15, 0.7), (-0.75, -0.05)), lamplight(rng)


def yard(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """Figures and things in front of a wall, hedge or house that fills the view."""
    back = float(rng.uniform(4, 20))
    look = (
        Look(texture=Texture(facade(rng)), metres=float(rng.uniform(3, 7)))
        if rng.random() < 0.4
        else random_look(rng, props, 4)
    )
    shapes: list[Shape] = [floor(random_look(rng, props, 2))]
    if rng.random() < 0.6:
        shapes.append(wall_ahead(look, back))
    else:
        half = vector(rng.uniform(3, 15), rng.uniform(1, 6), 2)
        shapes.append(
            Box(vector(rng.uniform(-3, 3), half[1], back + 2), half, look, rng.normal(0, 0.3))
        )
    for _ in range(int(rng.integers(1, 5))):
        z = float(rng.uniform(1.5, back))
        x = float(rng.uniform(-0.6, 0.6)) * z
        shapes.append(figure(rng, props, x, z, float(rng.uniform(0.8, 2.5))))
    for _ in range(int(rng.integers(0, 5))):
        z = float(rng.uniform(1.5, back))
        shapes.append(solid(rng, props, float(rng.uniform(-0.6, 0.6)) * z, z, rng.uniform(0.4, 2)))
    return shapes, camera_at(rng, (0.6, 2.2), (-0.3, 0.05)), daylight(rng)


Style = Callable[[Rng, Props], tuple[list[Shape], Camera, Light]]
"""Draws the shapes, camera and light of a scene."""

STYLES: dict[str, Style] = {
    "street": street,
    "field": field,
    "room": room,
    "table": table,
    "yard": yard,
}


def draw_scene(
    rng: Rng,
    *,
    height: int,
    width: int,
    style: str | None = None,
    props: Props | None = None,
    styles: Mapping[str, Style] = STYLES,
) -> View:
    """A random scene as a `View`: colour (H, W, 3) in [0, 1], depth (H, W) in metres (inf: sky).

    In one of `styles`, or in the one that `style` names.
    """
    chosen = style or str(rng.choice(list(styles)))
    shapes, camera, light = styles[chosen](rng, props or Props())
    return cast(_in_view(shapes), camera, light, height=height, width=width)


def _in_view(shapes: Sequence[Shape]) -> list[Shape]:
    """Shapes that keep clear of the camera: those within 30 cm of it are left out."""
    kept = []
    for shape in shapes:
        centre, radius = shape.bound()
        if not (radius < 5 and float(np.linalg.norm(centre)) < radius + 0.2):
            kept.append(shape)
    return kept


def nearness(depth: Array) -> NDArray[np.float32]:
    """Inverse depth 1 / metres, 0 for the sky."""
    return np.where(np.isfinite(depth), 1 / np.maximum(depth, 1e-3), 0).astype(np.float32)


def spread(values: Map) -> Map:
    """Nearness scaled to have its 2nd and 98th percentile at .05 and .95, clipped to [0, 1]."""
    low, high = np.percentile(values, (2, 98))
    unit = (values - low) / max(float(high - low), 1e-6)
    cut: Map = np.clip(_LOW + unit * (_HIGH - _LOW), 0, 1).astype(np.float32)
    return cut
