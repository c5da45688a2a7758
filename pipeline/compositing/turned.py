"""Objects that are turned: from a picture reduced in steps to the pixels of one placement.

Everything that decides a pixel is integer: cosine and sine are rounded to 2^-16, and Pillow's
nearest neighbour counts in the same 2^-16. Twice as many samples a side are taken as there are
pixels, from the step whose pixels are about as large, and each four are averaged.
"""

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.angles import cosine_and_sine
from pipeline.compositing.foreground import prepare_foreground
from pipeline.compositing.place import Box, scaled_size
from pipeline.sources.alpha import LEAST_ALPHA
from shards.base.size import Size

ONE = 1 << 16
"""1 in the whole numbers that coordinates are counted in."""

ANGLES = 64
"""How many angles a degree is divided into."""

_SAMPLES = 2
_DIAGONAL = 1.42
_COARSEST = ONE * 3 // 2
_SMALLEST = 16


@dataclasses.dataclass(frozen=True, slots=True)
class Turnable:
    """A foreground that can be turned: premultiplied pictures, each half of the one before.

    `alphas` are their alpha alone, `corners` int64 (n, 2) the corners of pixels of the first
    picture that no turn's box can miss.
    """

    pictures: tuple[Image.Image, ...]
    alphas: tuple[Image.Image, ...]
    corners: NDArray[np.int64]

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return sum(5 * each.width * each.height for each in self.pictures) + self.corners.nbytes


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """A turn: the flip that goes before it, and the box of what is turned, in units of 1/ONE."""

    flip: bool
    cosine: int
    sine: int
    left: int
    top: int
    width: int
    height: int


def make_turnable(cropped: Image.Image, shorter: int, largest_scale: float) -> Turnable:
    """A cropped "RGBA" picture premultiplied, reduced in steps, and its outline.

    The first step suits the largest size of any turn (`prepare_foreground` says what is asked);
    what is smaller is enlarged to that, as samples are taken without blending.
    """
    picture = prepare_foreground(cropped, shorter, largest_scale * _DIAGONAL).picture
    least = max(1, int(largest_scale * _DIAGONAL * shorter))
    if max(picture.size) < least:
        width, height = (max(1, side * least // max(picture.size)) for side in picture.size)
        picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    pictures = [picture]
    while max(pictures[-1].size) > _SMALLEST:
        pictures.append(pictures[-1].reduce(2))
    alphas = tuple(each.getchannel(3) for each in pictures)
    return Turnable(tuple(pictures), alphas, _corners(np.asarray(alphas[0])))


def _corners(alpha: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The convex hull of the corners of all pixels with an alpha of the alpha box's."""
    seen = alpha >= LEAST_ALPHA
    rows = np.flatnonzero(seen.any(axis=1))
    if not len(rows):
        height, width = alpha.shape
        return np.array([(0, 0), (width, 0), (0, height), (width, height)], np.int64)
    first = seen[rows].argmax(axis=1)
    last = alpha.shape[1] - seen[rows, ::-1].argmax(axis=1)
    corners = {
        (int(x), int(y) + down)
        for edge in (first, last)
        for x, y in zip(edge, rows, strict=True)
        for down in (0, 1)
    }
    ordered = sorted(corners)
    return np.array(_half_hull(ordered) + _half_hull(ordered[::-1]), np.int64)


def _half_hull(ordered: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """One side of the convex hull of points in order (Andrew's monotone chain)."""
    hull: list[tuple[int, int]] = []
    for x, y in ordered:
        while len(hull) > 1:
            (ax, ay), (bx, by) = hull[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            hull.pop()
        hull.append((x, y))
    return hull


def plan_turn(turnable: Turnable, angle: int, flip: bool) -> Turn:
    """The turn by `angle` (counter-clockwise, in 1/ANGLES of a degree), and the box after it."""
    cosine, sine = _rounded_direction(angle)
    way = -1 if flip else 1
    turned = turnable.corners @ np.array([[way * cosine, -way * sine], [sine, cosine]])
    (left, top), (right, bottom) = turned.min(axis=0).tolist(), turned.max(axis=0).tolist()
    width, height = right - left, bottom - top
    if flip:
        left += turnable.pictures[0].width * cosine
        top -= turnable.pictures[0].width * sine
    return Turn(flip=flip, cosine=cosine, sine=sine, left=left, top=top, width=width, height=height)


@functools.lru_cache(maxsize=4096)
def _rounded_direction(angle: int) -> tuple[int, int]:
    """Cosine and sine in units of 1/ONE; kept, as angles come again."""
    cosine, sine = cosine_and_sine(angle / ANGLES)
    return int(cosine * ONE + 0.5 + ONE) - ONE, int(sine * ONE + 0.5 + ONE) - ONE


def turned_sizes(
    turnable: Turnable, turn: Turn, draw: float, canvas: Size, scales: tuple[float, float]
) -> tuple[Size, Size]:
    """The size of a turned object on the canvas, and the one that it would have unturned."""
    size = scaled_size((turn.width, turn.height), draw, canvas, scales)
    longest, among = max(size), max(turn.width, turn.height)
    width, height = (
        max(1, int(side * ONE * longest / among + 0.5)) for side in turnable.pictures[0].size
    )
    return size, (width, height)


def turned_alpha(
    turnable: Turnable, turn: Turn, size: Size, part: Box | None = None
) -> Image.Image:
    """The alpha "L" of an object turned to `size`, or of a part of that."""
    return _sampled(turnable, turnable.alphas, turn, size, part or (0, 0, *size))


def turned_picture(turnable: Turnable, turn: Turn, size: Size) -> Image.Image:
    """An object turned to `size`, straight "RGBA"."""
    whole = (0, 0, *size)
    return _sampled(turnable, turnable.pictures, turn, size, whole).convert("RGBA")


def _sampled(
    turnable: Turnable, steps: tuple[Image.Image, ...], turn: Turn, size: Size, part: Box
) -> Image.Image:
    wide, high = _SAMPLES * size[0], _SAMPLES * size[1]
    apart, step = max(turn.width // wide, turn.height // high), 0
    while apart >> step >= _COARSEST and step + 1 < len(steps):
        step += 1
    cosine, sine, one = turn.cosine, turn.sine, ONE << step
    x = [
        _rounded(turn.width * cosine, wide * one),
        _rounded(-turn.height * sine, high * one),
        _rounded(turn.left * cosine - turn.top * sine, one),
    ]
    y = [
        _rounded(turn.width * sine, wide * one),
        _rounded(turn.height * cosine, high * one),
        _rounded(turn.left * sine + turn.top * cosine, one),
    ]
    if turn.flip:
        x = [-x[0], -x[1], (turnable.pictures[0].width * ONE >> step) - x[2]]
    left, top, *extent = (_SAMPLES * value for value in part)
    for row in (x, y):
        row[2] += left * row[0] + top * row[1]
    back = tuple(value / ONE for value in (*x, *y))
    samples = steps[step].transform(
        (extent[0], extent[1]), Image.Transform.AFFINE, back, Image.Resampling.NEAREST
    )
    return samples.reduce(_SAMPLES)


def _rounded(value: int, divisor: int) -> int:
    return (2 * value + divisor) // (2 * divisor)
