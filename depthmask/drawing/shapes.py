"""The caster's shapes, each with closed-form distance: plane, ellipsoid, box, cone, card."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from depthmask.drawing.caster import Array, Look, vector

_FAR = np.float32(np.inf)
_TINY = np.float32(1e-9)


def _turned(points: Array, yaw: float) -> Array:
    """`points` (..., 3) in axes turned by `yaw` about y."""
    if not yaw:
        return points
    c, s = np.float32(np.cos(yaw)), np.float32(np.sin(yaw))
    x, z = points[..., 0], points[..., 2]
    return np.stack([c * x - s * z, points[..., 1], s * x + c * z], axis=-1)


def _first(near: Array, far: Array, hit: NDArray[np.bool_]) -> Array:
    """The first of two crossings that lies ahead, inf where `hit` is False."""
    ahead = np.where(near > 1e-4, near, far)
    return np.where(hit & (ahead > 1e-4), ahead, _FAR).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Plane:
    """An endless plane through `point`; `u` and `v` are its texture's unit directions."""

    point: Array
    u: Array
    v: Array
    look: Look

    def bound(self) -> tuple[Array, float]:
        return self.point, float("inf")

    def distance(self, origin: Array, rays: Array) -> Array:
        normal = np.cross(self.u, self.v).astype(np.float32)
        speed = rays @ normal
        with np.errstate(divide="ignore", invalid="ignore"):
            reach = ((self.point - origin) @ normal) / speed
        return np.where((reach > 1e-4) & (np.abs(speed) > 1e-7), reach, _FAR).astype(np.float32)

    def surface(self, points: Array) -> tuple[Array, Array]:
        normal = np.cross(self.u, self.v).astype(np.float32)
        offset = points - self.point
        uv = np.stack([offset @ self.u, offset @ self.v], axis=-1).astype(np.float32)
        return np.broadcast_to(normal, points.shape), uv


@dataclass(frozen=True, slots=True)
class Ellipsoid:
    """Centre, three radii along axes turned by `yaw`."""

    centre: Array
    radii: Array
    look: Look
    yaw: float = 0.0

    def bound(self) -> tuple[Array, float]:
        return self.centre, float(self.radii.max())

    def distance(self, origin: Array, rays: Array) -> Array:
        start = _turned(origin - self.centre, self.yaw) / self.radii
        towards = _turned(rays, self.yaw) / self.radii
        a = (towards * towards).sum(-1)
        b = (start * towards).sum(-1)
        c = (start * start).sum(-1) - 1
        inside = b * b - a * c
        root = np.sqrt(np.maximum(inside, 0))
        return _first((-b - root) / a, (-b + root) / a, inside > 0)

    def surface(self, points: Array) -> tuple[Array, Array]:
        local = _turned(points - self.centre, self.yaw) / self.radii
        normal = _turned((local / self.radii).astype(np.float32), -self.yaw)
        normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
        size = float(self.radii.max())
        around = np.arctan2(local[:, 0], local[:, 2]) * size
        rise = np.arcsin(np.clip(local[:, 1], -1, 1)) * size
        return normal, np.stack([around, -rise], axis=-1)


@dataclass(frozen=True, slots=True)
class Box:
    """Centre and half sizes, turned by `yaw` about the vertical."""

    centre: Array
    half: Array
    look: Look
    yaw: float = 0.0

    def bound(self) -> tuple[Array, float]:
        return self.centre, float(np.linalg.norm(self.half))

    def distance(self, origin: Array, rays: Array) -> Array:
        start = _turned(origin - self.centre, self.yaw)
        towards = _turned(rays, self.yaw)
        towards = np.where(np.abs(towards) < _TINY, _TINY, towards)
        first, second = (-self.half - start) / towards, (self.half - start) / towards
        near = np.minimum(first, second).max(-1)
        far = np.maximum(first, second).min(-1)
        return _first(near, far, far > near)

    def surface(self, points: Array) -> tuple[Array, Array]:
        local = _turned(points - self.centre, self.yaw)
        face = np.abs(local / self.half).argmax(-1)
        row = np.arange(len(points))
        normal = np.zeros_like(local)
        normal[row, face] = np.sign(local[row, face])
        u = np.where(face == 0, local[:, 2], local[:, 0])
        v = np.where(face == 1, local[:, 2], self.half[1] - local[:, 1])
        uv = np.stack([u, v], axis=-1).astype(np.float32)
        return _turned(normal, -self.yaw), uv


@dataclass(frozen=True, slots=True)
class Cone:
    """An upright cone or cylinder with flat ends: foot, height, radius below and above."""

    foot: Array
    height: float
    below: float
    above: float
    look: Look

    def bound(self) -> tuple[Array, float]:
        middle = self.foot + vector(0, self.height / 2, 0)
        return middle, float(np.hypot(self.height / 2, max(self.below, self.above)))

    def distance(self, origin: Array, rays: Array) -> Array:
        start = origin - self.foot
        ox, oy, oz = start[..., 0], start[..., 1], start[..., 2]
        dx, dy, dz = rays[..., 0], rays[..., 1], rays[..., 2]
        slope = (self.above - self.below) / self.height
        wide = self.below + slope * oy
        a = dx * dx + dz * dz - (slope * dy) ** 2
        a = np.where(np.abs(a) < _TINY, _TINY, a)
        b = ox * dx + oz * dz - wide * slope * dy
        c = ox * ox + oz * oz - wide * wide
        inside = b * b - a * c
        root = np.sqrt(np.maximum(inside, 0))
        best = np.full(np.shape(inside), _FAR, np.float32)
        for reach in ((-b - root) / a, (-b + root) / a):
            y = oy + reach * dy
            good = (inside > 0) & (reach > 1e-4) & (y >= 0) & (y <= self.height)
            best = np.where(good & (reach < best), reach, best)
        fall = np.where(np.abs(dy) < _TINY, _TINY, dy)
        for level, radius in ((0.0, self.below), (self.height, self.above)):
            reach = (level - oy) / fall
            x, z = ox + reach * dx, oz + reach * dz
            good = (reach > 1e-4) & (x * x + z * z <= radius * radius)
            best = np.where(good & (reach < best), reach, best)
        return best.astype(np.float32)

    def surface(self, points: Array) -> tuple[Array, Array]:
        local = points - self.foot
        slope = (self.above - self.below) / self.height
        radius = self.below + slope * local[:, 1]
        out = np.hypot(local[:, 0], local[:, 2])
        cap = out < radius * 0.999 - 1e-5
        normal = np.stack([local[:, 0], -slope * radius, local[:, 2]], axis=-1)
        normal[cap] = vector(0, 1, 0)
        normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
        size = max(self.below, self.above)
        around = np.arctan2(local[:, 0], local[:, 2]) * size
        return normal.astype(np.float32), np.stack([around, self.height - local[:, 1]], axis=-1)


@dataclass(frozen=True, slots=True)
class Card:
    """An upright picture with alpha: a figure, a plant, a car seen from afar.

    `foot` is the middle of its lower edge; it faces along `yaw`; transparent parts are missed.
    The look's texture has four bands and its `metres` is 1.
    """

    foot: Array
    width: float
    height: float
    look: Look
    yaw: float = 0.0

    def bound(self) -> tuple[Array, float]:
        middle = self.foot + vector(0, self.height / 2, 0)
        return middle, float(np.hypot(self.width, self.height) / 2)

    def _right(self) -> Array:
        return vector(float(np.cos(self.yaw)), 0, float(-np.sin(self.yaw)))

    def distance(self, origin: Array, rays: Array) -> Array:
        normal = vector(float(np.sin(self.yaw)), 0, float(np.cos(self.yaw)))
        speed = rays @ normal
        speed = np.where(np.abs(speed) < 1e-6, np.float32(1e-6), speed)
        reach = (((self.foot - origin) @ normal) / speed).astype(np.float32)
        points = origin + rays * reach[..., None]
        u, v = self._uv(points)
        hit = (reach > 1e-4) & (u > 0) & (u < 1) & (v > 0) & (v < 1)
        if hit.any():
            uv = np.stack([u[hit], v[hit]], axis=-1)
            alpha = self.look.texture.at(uv, np.zeros(len(uv), np.float32))[:, 3]
            hit[hit] = alpha > 0.5
        return np.where(hit, reach, _FAR)

    def _uv(self, points: Array) -> tuple[Array, Array]:
        offset = points - self.foot
        u = offset @ self._right() / np.float32(self.width) + np.float32(0.5)
        return u.astype(np.float32), 1 - offset[..., 1] / np.float32(self.height)

    def surface(self, points: Array) -> tuple[Array, Array]:
        normal = vector(float(np.sin(self.yaw)), 0, float(np.cos(self.yaw)))
        u, v = self._uv(points)
        uv = np.stack([u, v], axis=-1).astype(np.float32)
        return np.broadcast_to(normal, points.shape), uv
