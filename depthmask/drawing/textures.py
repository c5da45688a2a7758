"""Procedural textures: small colour pictures for the surfaces of drawn scenes."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from shards.base.retrying import retry_passing

Picture = NDArray[np.uint8]
Map = NDArray[np.float32]

SIDE = 128


def noise(
    rng: np.random.Generator, size: int = SIDE, *, coarse: int = 4, decay: float = 0.55
) -> Map:
    """Fractal value noise (size, size) in [0, 1], mean near a half: octaves from `coarse` cells."""
    total = np.zeros((size, size), np.float32)
    weight, cells = 1.0, coarse
    while cells <= size:
        grid = Image.fromarray(rng.random((cells, cells), dtype=np.float32))
        total += weight * np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC))
        weight, cells = weight * decay, cells * 2
    low, high = float(total.min()), float(total.max())
    scaled: Map = (total - low) / max(high - low, 1e-6)
    return scaled


def colour(rng: np.random.Generator, *, vivid: float | None = None) -> NDArray[np.float32]:
    """A random RGB colour in [0, 255]; `vivid` in [0, 1] is how far it may be from grey."""
    vivid = float(rng.random()) if vivid is None else vivid
    grey = rng.uniform(30, 225)
    return np.clip(grey + vivid * rng.uniform(-110, 110, 3), 0, 255).astype(np.float32)


def blend(first: Any, second: Any, weight: Map) -> NDArray[np.float32]:
    """first where `weight` (h, w) is 0, second where it is 1: (h, w, 3)."""
    mixed: NDArray[np.float32] = first + (second - first) * weight[..., None]
    return mixed


def _plain(rng: np.random.Generator) -> NDArray[np.float32]:
    return blend(colour(rng), colour(rng), 0.15 * noise(rng))


def _clouded(rng: np.random.Generator) -> NDArray[np.float32]:
    decay = rng.uniform(0.4, 0.9)
    return blend(
        colour(rng), colour(rng), noise(rng, coarse=2 ** int(rng.integers(1, 5)), decay=decay)
    )


def _speckled(rng: np.random.Generator) -> NDArray[np.float32]:
    return blend(colour(rng), colour(rng), noise(rng, coarse=32, decay=0.9))


def _grass(rng: np.random.Generator) -> NDArray[np.float32]:
    hue = np.array([rng.uniform(50, 130), rng.uniform(90, 160), rng.uniform(20, 70)], np.float32)
    weight = 0.6 * noise(rng, coarse=32, decay=0.95) + 0.4 * noise(rng)
    return blend(hue * 0.55, hue * 1.15, weight.astype(np.float32))


def _stripes(rng: np.random.Generator) -> NDArray[np.float32]:
    turn, count = rng.uniform(0, np.pi), rng.integers(2, 14)
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    wave = np.sin(2 * np.pi * count * (x * np.cos(turn) + y * np.sin(turn)))
    hard = rng.random() < 0.6
    weight = (wave > rng.uniform(-0.6, 0.6)) if hard else 0.5 + 0.5 * wave
    return _worn(rng, blend(colour(rng), colour(rng), weight.astype(np.float32)))


def _checks(rng: np.random.Generator) -> NDArray[np.float32]:
    count = int(rng.integers(2, 10))
    cell = np.arange(SIDE) * count // SIDE
    weight = ((cell[:, None] + cell[None]) % 2).astype(np.float32)
    return _worn(rng, blend(colour(rng), colour(rng), weight))


def _dots(rng: np.random.Generator) -> NDArray[np.float32]:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE * int(rng.integers(3, 12))
    radius = rng.uniform(0.15, 0.45)
    weight = (np.hypot(x % 1 - 0.5, y % 1 - 0.5) < radius).astype(np.float32)
    return _worn(rng, blend(colour(rng), colour(rng), weight))


def _marble(rng: np.random.Generator) -> NDArray[np.float32]:
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32) / SIDE
    bend = rng.uniform(2, 8) * noise(rng)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * (rng.integers(1, 6) * x + rng.integers(0, 4) * y + bend))
    return blend(colour(rng), colour(rng), wave.astype(np.float32))


def _wood(rng: np.random.Generator) -> NDArray[np.float32]:
    tone = np.array([rng.uniform(90, 210), rng.uniform(60, 150), rng.uniform(30, 100)], np.float32)
    grain = noise(rng, coarse=4)
    stretched = Image.fromarray(grain[:16]).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    picture = blend(tone * 0.7, tone * 1.1, np.clip(np.asarray(stretched), 0, 1))
    planks = int(rng.integers(1, 9))
    for row in range(planks):
        edge = row * SIDE // planks
        picture[edge : edge + 2] *= 0.5
        picture[edge : (row + 1) * SIDE // planks] *= rng.uniform(0.85, 1.1)
    return picture


def _bricks(rng: np.random.Generator) -> NDArray[np.float32]:
    rows, columns = int(rng.integers(4, 14)), int(rng.integers(2, 8))
    brick, mortar = colour(rng, vivid=0.5), colour(rng, vivid=0.1)
    image = Image.new("RGB", (SIDE, SIDE), tuple(mortar.astype(int).tolist()))
    pen = ImageDraw.Draw(image)
    high, wide = SIDE / rows, SIDE / columns
    shifted = 0.5 * (rng.random() < 0.75)
    for row in range(rows):
        for column in range(-1, columns + 1):
            left, top = (column + shifted * (row % 2)) * wide, row * high
            tint = np.clip(brick * rng.uniform(0.8, 1.15), 0, 255).astype(int)
            pen.rectangle((left, top, left + wide - 2, top + high - 2), fill=tuple(tint.tolist()))
    return _worn(rng, np.asarray(image, np.float32))


def _patches(rng: np.random.Generator) -> NDArray[np.float32]:
    seeds = rng.random((int(rng.integers(6, 40)), 2)) * SIDE
    y, x = np.mgrid[0:SIDE:2, 0:SIDE:2]
    nearest = ((y[..., None] - seeds[:, 0]) ** 2 + (x[..., None] - seeds[:, 1]) ** 2).argmin(-1)
    base, spread = colour(rng), rng.uniform(10, 90)
    palette = np.clip(base + rng.uniform(-spread, spread, (len(seeds), 3)), 0, 255)
    picture = palette[nearest].astype(np.float32)  # (SIDE / 2, SIDE / 2, 3)
    return _worn(rng, picture.repeat(2, 0).repeat(2, 1))


def _leaves(rng: np.random.Generator) -> NDArray[np.float32]:
    hue = np.array([rng.uniform(30, 150), rng.uniform(70, 150), rng.uniform(10, 60)], np.float32)
    image = Image.new("RGB", (SIDE, SIDE), tuple((hue * 0.4).astype(int).tolist()))
    pen = ImageDraw.Draw(image)
    reach = rng.uniform(4, 16)
    for x, y in rng.random((int(1800 / reach), 2)) * SIDE:
        tint = tuple(np.clip(hue * rng.uniform(0.5, 1.5), 0, 255).astype(int).tolist())
        wide, high = reach * rng.uniform(0.3, 1, 2)
        pen.ellipse((x - wide, y - high, x + wide, y + high), fill=tint)
    return np.asarray(image, np.float32)


def facade(rng: np.random.Generator) -> Picture:
    """The front of a house, (SIDE, SIDE, 3): wall with rows of windows."""
    wall = _RECIPES[int(rng.choice([0, 1, 9]))](rng)
    image = Image.fromarray(np.clip(wall, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    rows, columns = int(rng.integers(2, 7)), int(rng.integers(2, 7))
    glass, frame = colour(rng, vivid=0.4) * 0.6, colour(rng, vivid=0.2)
    high, wide = SIDE / rows, SIDE / columns
    inset_x, inset_y = rng.uniform(0.12, 0.35, 2)
    for row in range(rows):
        for column in range(columns):
            box = [
                (column + inset_x) * wide,
                (row + inset_y) * high,
                (column + 1 - inset_x) * wide,
                (row + 1 - inset_y) * high,
            ]
            tint = np.clip(glass * rng.uniform(0.6, 1.5), 0, 255).astype(int)
            pen.rectangle(
                box,
                fill=tuple(tint.tolist()),
                outline=tuple(frame.astype(int).tolist()),
                width=2,
            )
    return np.asarray(image)


def _worn(rng: np.random.Generator, picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """The picture under uneven light and dirt, by a random amount."""
    amount = rng.uniform(0, 0.5)
    worn: NDArray[np.float32] = picture * (1 - amount * noise(rng)[..., None])
    return worn


_RECIPES: tuple[Callable[[np.random.Generator], NDArray[np.float32]], ...] = (
    _plain,
    _clouded,
    _speckled,
    _grass,
    _stripes,
    _checks,
    _dots,
    _marble,
    _wood,
    _bricks,
    _patches,
    _leaves,
)


def named(rng: np.random.Generator, recipe: str) -> Picture:
    """A texture of one recipe ("grass", "wood", "leaves", ...), (SIDE, SIDE, 3) uint8."""
    chosen = next(r for r in _RECIPES if r.__name__ == "_" + recipe)
    return np.clip(chosen(rng), 0, 255).astype(np.uint8)


def texture(rng: np.random.Generator, photographs: tuple[Picture, ...] = ()) -> Picture:
    """A random texture, (h, w, 3) uint8: a crop of a photograph, if any, two times in five."""
    if photographs and rng.random() < 0.4:
        return crop(rng, photographs[int(rng.integers(len(photographs)))])
    recipe = _RECIPES[int(rng.integers(len(_RECIPES)))]
    return np.clip(recipe(rng), 0, 255).astype(np.uint8)


def crop(rng: np.random.Generator, photograph: Picture) -> Picture:
    """A square part of a photograph, scaled to (SIDE, SIDE, 3)."""
    height, width = photograph.shape[:2]
    side = int(min(height, width) * rng.uniform(0.25, 1))
    top = int(rng.integers(height - side + 1))
    left = int(rng.integers(width - side + 1))
    part = Image.fromarray(photograph[top : top + side, left : left + side])
    return np.asarray(part.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def read_photographs(folder: Path, *, longest: int = 512) -> tuple[Picture, ...]:
    """Every picture below `folder` in name order as (h, w, 3) uint8, at most `longest` a side."""
    pictures = []
    paths = sorted(retry_passing(folder, lambda: list(folder.rglob("*"))))
    for path in (p for p in paths if p.suffix.lower() in _PICTURE_SUFFIXES):
        data = retry_passing(path, path.read_bytes)
        with Image.open(io.BytesIO(data)) as image:
            image.draft("RGB", (longest, longest))
            small = image.convert("RGB")
        small.thumbnail((longest, longest))
        pictures.append(np.asarray(small))
    return tuple(pictures)


_PICTURE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
