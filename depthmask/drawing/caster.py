"""A small ray caster in numpy: shapes, one sun, shadows, fog; colour and exact depth.

World axes: x right, y up, z ahead, metres. A ray's direction has length 1 along the camera's
axis, so the distance a shape returns is the depth (the z of the camera's frame) itself.
All arrays are float32. Shapes are cast within the window of pixels that their bounding sphere
covers, so a scene of fifty small things costs little more than one of five.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_NEAR = np.float32(1e-3)
_FAR = np.float32(np.inf)


def vector(x: float, y: float, z: float) -> Array:
    """(3,) float32."""
    return np.array([x, y, z], np.float32)


@dataclass(frozen=True, slots=True)
class Camera:
    """Where it stands, where it looks (radians), and its focal length in picture heights."""

    position: Array
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    focal: float = 1.0

    def axes(self) -> Array:
        """Rows right, up, ahead of the camera in the world, (3, 3)."""
        cy, sy, cp, sp = np.cos(self.yaw), np.sin(self.yaw), np.cos(self.pitch), np.sin(self.pitch)
        ahead = np.array([sy * cp, sp, cy * cp])
        right = np.array([cy, 0.0, -sy])
        up = np.cross(ahead, right)
        cr, sr = np.cos(self.roll), np.sin(self.roll)
        return np.array([cr * right + sr * up, cr * up - sr * right, ahead], np.float32)

    def rays(self, height: int, width: int) -> Array:
        """Directions (H, W, 3) through the pixels' centres, each 1 long along the axis."""
        y = (0.5 - (np.arange(height) + 0.5) / height) / self.focal
        x = ((np.arange(width) + 0.5) - width / 2) / height / self.focal
        grid = np.ones((height, width, 3), np.float32)
        grid[..., 0], grid[..., 1] = x[None, :], y[:, None]
        rays: Array = grid @ self.axes()
        return rays


class Texture:
    """A picture with its mipmaps, sampled without aliasing for the size of a footprint."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        level = picture.astype(np.float32) / 255
        self.height, self.width, self.bands = level.shape
        self._levels = [level]
        while min(level.shape[:2]) >= 4:
            even = level[: level.shape[0] // 2 * 2, : level.shape[1] // 2 * 2]
            level = (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4
            self._levels.append(level)
        self._flat = np.concatenate([one.reshape(-1, self.bands) for one in self._levels])
        sizes = np.array([one.shape[:2] for one in self._levels])
        self._heights, self._widths = sizes[:, 0], sizes[:, 1]
        self._starts = np.concatenate([[0], np.cumsum(self._heights * self._widths)[:-1]])

    def at(self, uv: Array, footprint: Array) -> Array:
        """Colours (n, bands) in [0, 1] at `uv` (n, 2), which repeats every 1; `footprint` (n,)."""
        texels = np.maximum(footprint * self.height, 1)
        level = np.minimum(np.log2(texels).astype(np.int32), len(self._levels) - 1)
        high, wide = self._heights[level], self._widths[level]
        column = ((uv[:, 0] % 1) * wide).astype(np.int32) % wide
        row = ((uv[:, 1] % 1) * high).astype(np.int32) % high
        colours: Array = self._flat[self._starts[level] + row * wide + column]
        return colours


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a surface looks like: texture, metres per repeat, tint, emission, gloss."""

    texture: Texture
    metres: float = 1.0
    tint: Array = field(default_factory=lambda: np.ones(3, np.float32))
    glow: float = 0.0
    gloss: float = 0.0


class Shape(Protocol):
    """What the caster asks of a shape."""

    @property
    def look(self) -> Look:
        """What its surface looks like."""
        ...

    def bound(self) -> tuple[Array, float]:
        """Centre and radius of a sphere around the shape (radius inf: everywhere)."""
        ...

    def distance(self, origin: Array, rays: Array) -> Array:
        """Depth along each ray (..., 3) from `origin` ((3,) or alike), inf where it misses."""
        ...

    def surface(self, points: Array) -> tuple[Array, Array]:
        """Normals (n, 3) and texture coordinates (n, 2) at points (n, 3) on the shape."""
        ...


@dataclass(frozen=True, slots=True)
class Light:
    """The sun's direction (toward it), the ambient light, sky, fog."""

    sun: Array
    ambient: float
    sky_low: Array
    sky_high: Array
    clouds: Texture | None = None
    fog: float = 0.0
    shadows: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """A cast picture: colour (H, W, 3) in [0, 1], depth (H, W) in metres (inf: sky), owner."""

    colour: Array
    depth: Array
    owner: NDArray[np.int16]


def _window(
    shape: Shape, camera: Camera, axes: Array, height: int, width: int
) -> tuple[slice, slice] | None:
    """Rows and columns that the shape's bounding sphere can cover, None when out of view."""
    centre, radius = shape.bound()
    if not np.isfinite(radius):
        return slice(0, height), slice(0, width)
    x, y, z = axes @ (centre - camera.position)
    if z + radius <= 0:
        return None
    near, far = z - radius, z + radius
    if near <= 0.05:
        return slice(0, height), slice(0, width)
    unit = camera.focal * height
    left = min((x - radius) / near, (x - radius) / far) * unit + width / 2
    right = max((x + radius) / near, (x + radius) / far) * unit + width / 2
    top = height / 2 - max((y + radius) / near, (y + radius) / far) * unit
    bottom = height / 2 - min((y - radius) / near, (y - radius) / far) * unit
    rows = slice(max(0, int(top) - 1), min(height, int(bottom) + 2))
    columns = slice(max(0, int(left) - 1), min(width, int(right) + 2))
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns


def _nearest(
    shapes: Sequence[Shape], camera: Camera, rays: Array
) -> tuple[Array, NDArray[np.int16]]:
    """Depth (H, W) of the nearest shape on each ray and that shape's index (-1: none)."""
    height, width = rays.shape[:2]
    depth = np.full((height, width), _FAR, np.float32)
    owner = np.full((height, width), -1, np.int16)
    axes = camera.axes()
    for index, shape in enumerate(shapes):
        window = _window(shape, camera, axes, height, width)
        if window is None:
            continue
        distance = shape.distance(camera.position, rays[window])
        closer = (distance < depth[window]) & (distance > _NEAR)
        depth[window][closer] = distance[closer]
        owner[window][closer] = index
    return depth, owner


def _in_shadow(shapes: Sequence[Shape], points: Array, sun: Array) -> NDArray[np.bool_]:
    """Which points (n, 3) have a bounded shape between them and the sun."""
    dark = np.zeros(len(points), bool)
    towards = np.broadcast_to(sun, points.shape)
    for shape in shapes:
        centre, radius = shape.bound()
        if not np.isfinite(radius) or shape.look.glow:
            continue
        to_centre = centre - points
        along = to_centre @ sun
        off = (to_centre * to_centre).sum(-1) - along * along
        candidates = np.flatnonzero((off < radius * radius) & (along > -radius) & ~dark)
        if len(candidates):
            hit = shape.distance(points[candidates], towards[candidates])
            dark[candidates] = np.isfinite(hit) & (hit > _NEAR)
    return dark


def _sky(light: Light, rays: Array) -> Array:
    """Colours (n, 3) of directions (n, 3): from the horizon's to the zenith's, with clouds."""
    length = np.sqrt((rays * rays).sum(-1))
    rise = np.clip(rays[:, 1] / length, 0, 1)
    colour: Array = light.sky_low + (light.sky_high - light.sky_low) * np.sqrt(rise)[:, None]
    if light.clouds is not None:
        flat = (rays[:, [0, 2]] / (np.abs(rays[:, 1:2]) + 0.15) * 0.25).astype(np.float32)
        cover = light.clouds.at(flat, np.zeros(len(rays), np.float32))[:, :1]
        colour = colour + (1 - colour) * np.clip((cover - 0.5) * 3, 0, 0.9) * (rise + 0.2)[:, None]
    return colour


def cast(shapes: Sequence[Shape], camera: Camera, light: Light, *, height: int, width: int) -> View:
    """The picture of `shapes` as a `View`: colour, exact depth and who owns each pixel."""
    rays = camera.rays(height, width)
    depth, owner = _nearest(shapes, camera, rays)
    colour = np.empty((height, width, 3), np.float32)
    outside = owner < 0
    colour[outside] = _sky(light, rays[outside])
    pixel = 1 / (camera.focal * height)
    for index in np.unique(owner[~outside]):
        inside = owner == index
        shape, look = shapes[index], shapes[index].look
        towards, reach = rays[inside], depth[inside]
        points = camera.position + towards * reach[:, None]
        normals, uv = shape.surface(points)
        facing = (normals * towards).sum(-1)
        normals = np.where(facing[:, None] > 0, -normals, normals)
        slant = np.maximum(np.abs(facing), 0.08)
        footprint = (reach * pixel / look.metres / slant).astype(np.float32)
        scaled = (uv / look.metres).astype(np.float32)
        albedo = look.texture.at(scaled, footprint)[:, :3]
        albedo = albedo * look.tint
        lit = np.clip(normals @ light.sun, 0, 1)
        if light.shadows:
            lit = lit * ~_in_shadow(shapes, points + normals * 0.01, light.sun)
        shade = light.ambient * (0.75 + 0.25 * normals[:, 1]) + (1 - light.ambient) * lit
        shade = look.glow + (1 - look.glow) * shade
        result = albedo * shade[:, None]
        if look.gloss:
            mirrored = towards - 2 * (towards * normals).sum(-1, keepdims=True) * normals
            mirrored /= np.linalg.norm(mirrored, axis=-1, keepdims=True)
            spark = np.clip(mirrored @ light.sun, 0, 1) ** 24 * (lit > 0)
            result = result + look.gloss * spark[:, None]
        if light.fog:
            clear = np.exp(-reach * light.fog)[:, None]
            result = result * clear + light.sky_low * (1 - clear)
        colour[inside] = result
    return View(np.clip(colour, 0, 1), depth, owner)
