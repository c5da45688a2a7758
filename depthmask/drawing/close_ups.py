"""Random close-ups: heaps of things, towers, plants, machines.

A thing that fills the view, or stands before a patterned wall, is where depth networks that have
seen only streets and rooms fall back on "lower is nearer". Made as the scenes of scenes.py are.
"""

import numpy as np

from depthmask.drawing.caster import Camera, Light, Look, Shape, vector
from depthmask.drawing.scenery import Props, Rng, figure, floor, random_look, solid, wall_ahead
from depthmask.drawing.scenes import Style, camera_at, daylight, lamplight
from depthmask.drawing.shapes import Box, Cone, Ellipsoid, Plane


def _back(rng: Rng, props: Props, z: float) -> list[Shape]:
    """What stands behind: a wall across the view, one at an angle, or far furniture."""
    kind = rng.random()
    if kind < 0.45:
        return [wall_ahead(random_look(rng, props, 1.2), z)]
    if kind < 0.7:
        turn = float(rng.uniform(-0.7, 0.7))
        along = vector(float(np.cos(turn)), 0, float(np.sin(turn)))
        return [Plane(vector(0, 0, z), along, vector(0, -1, 0), random_look(rng, props, 1.5))]
    far: list[Shape] = [wall_ahead(random_look(rng, props, 3), z * float(rng.uniform(2, 5)))]
    for _ in range(int(rng.integers(2, 8))):
        reach = z * float(rng.uniform(1, 2.5))
        x = float(rng.uniform(-0.8, 0.8)) * reach
        far.append(solid(rng, props, x, reach, z * float(rng.uniform(0.2, 0.8))))
    return far


def _light(rng: Rng) -> Light:
    return lamplight(rng) if rng.random() < 0.6 else daylight(rng)


def _aimed(rng: Rng, reach: float, top: float) -> Camera:
    """A camera aimed roughly at a thing `reach` ahead and `top` high."""
    height = float(rng.uniform(0.2, 1.6)) * max(top, 0.3 * reach)
    aim = float(np.arctan2(top * rng.uniform(0.2, 0.8) - height, reach))
    return camera_at(rng, (height, height), (aim - 0.12, aim + 0.12), spread=0.1)


def heap(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """Ten to thirty things on, in front of and behind each other, close by."""
    reach = float(rng.uniform(0.6, 2.0))
    shapes = [floor(random_look(rng, props, 0.6)), *_back(rng, props, reach * 1.6)]
    for _ in range(int(rng.integers(8, 26))):
        x, z = rng.normal(0, 0.35, 2) * reach
        foot = float(rng.choice([0.0, 0.0, rng.uniform(0, 0.4)])) * reach
        size = reach * float(np.exp(rng.uniform(np.log(0.08), np.log(0.45))))
        shapes.append(solid(rng, props, float(x), max(0.35, reach + float(z)), size, foot))
    return shapes, _aimed(rng, reach, 0.35 * reach), _light(rng)


def tower(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """A model building: walls, round and square towers, battlements, steps."""
    reach = float(rng.uniform(0.5, 1.5))
    stone = random_look(rng, props, 0.4)
    shapes = [floor(random_look(rng, props, 0.8)), *_back(rng, props, reach * 2.2)]
    for _ in range(int(rng.integers(2, 7))):
        x, z = float(rng.normal(0, 0.3)) * reach, reach * float(rng.uniform(0.75, 1.4))
        wide, high = reach * rng.uniform(0.08, 0.3), reach * rng.uniform(0.15, 0.9)
        look = stone if rng.random() < 0.7 else random_look(rng, props, 0.4)
        if rng.random() < 0.4:
            shapes.append(Cone(vector(x, 0, z), float(high), float(wide), float(wide), look))
            if rng.random() < 0.5:
                roof = float(wide * rng.uniform(1, 1.4))
                shapes.append(Cone(vector(x, high, z), roof * 1.5, roof, 0.0, look))
            continue
        yaw = float(rng.uniform(0, 3.2))
        half = vector(wide, high / 2, wide * rng.uniform(0.3, 1.5))
        shapes.append(Box(vector(x, high / 2, z), half, look, yaw))
        for corner in range(int(rng.integers(0, 6))):
            turn = yaw + corner * 1.05
            at = vector(x + wide * np.cos(turn) * 0.9, high, z + wide * np.sin(turn) * 0.9)
            shapes.append(Box(at, vector(wide, wide, wide) * np.float32(0.22), look, yaw))
    for _ in range(int(rng.integers(0, 6))):
        x, z = float(rng.uniform(-0.5, 0.5)) * reach, reach * float(rng.uniform(0.45, 1.2))
        shapes.append(solid(rng, props, x, z, reach * float(rng.uniform(0.05, 0.2))))
    return shapes, _aimed(rng, reach, 0.6 * reach), _light(rng)


def _leaf(rng: Rng, root: np.ndarray, length: float, look: Look) -> list[Shape]:
    """A blade that rises and bends over, as a row of flat balls."""
    turn, rise = float(rng.uniform(0, 6.3)), float(rng.uniform(0.3, 1.4))
    out = np.array([np.cos(turn), 0, np.sin(turn)])
    bend, wide = float(rng.uniform(0.3, 1.6)), length * float(rng.uniform(0.06, 0.16))
    parts: list[Shape] = []
    for share in np.linspace(0.1, 1, 7):
        angle = rise - bend * share
        at = root + length * share * (out * np.cos(angle) + np.array([0, np.sin(angle), 0]))
        full = wide * float(np.sin(np.pi * (0.1 + 0.85 * share)))
        radii = np.array([full, 0.35 * full, length / 6], np.float32)
        parts.append(Ellipsoid(at.astype(np.float32), radii, look, np.pi / 2 - turn))
    return parts


def plant(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """A potted plant in front of a wall or cloth, often patterned and close behind it."""
    reach = float(rng.uniform(0.6, 1.6))
    high = reach * float(rng.uniform(0.1, 0.35))
    shapes = [floor(random_look(rng, props, 0.6)), *_back(rng, props, reach * 1.35)]
    x, green = float(rng.normal(0, 0.1)) * reach, random_look(rng, props, 0.3, recipe="leaves")
    pot = random_look(rng, props, 0.3)
    shapes.append(Cone(vector(x, 0, reach), high, high * 0.4, high * 0.55, pot))
    for _ in range(int(rng.integers(6, 16))):
        look = green if rng.random() < 0.7 else random_look(rng, props, 0.3)
        root = np.array([x, high, reach]) + rng.normal(0, 0.03 * reach, 3)
        shapes += _leaf(rng, root, reach * float(rng.uniform(0.2, 0.6)), look)
    return shapes, _aimed(rng, reach, high + 0.35 * reach), _light(rng)


def machine(rng: Rng, props: Props) -> tuple[list[Shape], Camera, Light]:
    """A vehicle or engine of many parts across the view, in a room or yard full of things."""
    reach, length = float(rng.uniform(1.5, 4)), float(rng.uniform(0.8, 2.2))
    shapes = [floor(random_look(rng, props, 1.5)), *_back(rng, props, reach * 1.7)]
    turn = float(rng.normal(0, 0.5))
    along = np.array([np.cos(turn), 0, np.sin(turn)])
    middle = np.array([rng.normal(0, 0.15), 0, reach])
    wheel = length * float(rng.uniform(0.12, 0.25))
    rubber = random_look(rng, props, 0.5, recipe="speckled")
    for end in (-0.5, 0.5):
        at = middle + along * length * end + np.array([0, wheel, 0])
        radii = np.array([wheel, wheel, wheel * 0.2], np.float32)
        shapes.append(Ellipsoid(at.astype(np.float32), radii, rubber, -turn))
    for _ in range(int(rng.integers(5, 16))):
        at = middle + along * length * rng.uniform(-0.55, 0.55)
        rise = wheel * float(rng.uniform(0.4, 3))
        size = length * float(rng.uniform(0.08, 0.35))
        shapes.append(solid(rng, props, float(at[0]), float(at[2]), size, rise))
    for _ in range(int(rng.integers(0, 3))):
        z = reach * float(rng.uniform(1.1, 1.6))
        at_x = float(rng.uniform(-0.5, 0.5)) * z
        shapes.append(figure(rng, props, at_x, z, float(rng.uniform(0.5, 1.8))))
    return shapes, _aimed(rng, reach, 4 * wheel), _light(rng)


CLOSE_UPS: dict[str, Style] = {
    "heap": heap,
    "tower": tower,
    "plant": plant,
    "machine": machine,
}
