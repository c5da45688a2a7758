"""A foreground at the size it is placed in, and which of its pixels are its own."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.place import Box
from shards.pixels.object_pixels import object_level


@dataclasses.dataclass(frozen=True, slots=True)
class Cutout:
    """A straight "RGBA" picture, or alpha "L" alone, and its own pixels: alpha from `level` on.

    `count` and `box` are their number and the tight box around them.
    """

    picture: Image.Image
    level: int
    count: int
    box: Box
    held: NDArray[np.bool_] | None = None
    """Its own pixels, where it is used once and not kept for others."""

    @property
    def own(self) -> NDArray[np.bool_]:
        """Its own pixels, bool (h, w)."""
        if self.held is not None:
            return self.held
        own: NDArray[np.bool_] = alpha_of(self.picture) >= self.level
        return own

    def mirrored(self) -> "Cutout":
        """The same, left and right exchanged."""
        x, y, width, height = self.box
        turned = self.picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        left = self.picture.width - x - width if self.count else 0
        return Cutout(turned, self.level, self.count, (left, y, width, height))

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return 4 * self.picture.width * self.picture.height


def cut_out(picture: Image.Image, *, held: bool = False) -> Cutout:
    """A straight "RGBA" picture, or an alpha "L" alone, with its own pixels found.

    What is used once has them `held`; what is kept finds them again from its alpha.
    """
    alpha = alpha_of(picture)
    level = object_level(alpha)
    own = alpha >= level
    count = int(np.count_nonzero(own))
    return Cutout(picture, level, count, tight_box(own), own if held else None)


def alpha_of(picture: Image.Image) -> NDArray[np.uint8]:
    """The alpha (h, w) of an "RGBA" picture, or of one that is nothing else ("L")."""
    data = picture.tobytes() if picture.mode == "L" else picture.tobytes("raw", "A")
    return np.frombuffer(data, np.uint8).reshape(picture.height, picture.width)


def tight_box(pixels: NDArray[np.bool_], x: int = 0, y: int = 0) -> Box:
    """The smallest box around the true pixels of an array whose corner is at (x, y).

    All 0 where there are none.
    """
    data, across = pixels.tobytes(), pixels.shape[1]
    first = data.find(1)
    if first < 0:
        return 0, 0, 0, 0
    top, bottom = first // across, data.rfind(1) // across + 1
    columns = np.bitwise_or.reduce(pixels[top:bottom]).tobytes()
    left = columns.find(1)
    return x + left, y + top, columns.rfind(1) + 1 - left, bottom - top
