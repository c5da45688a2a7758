"""A foreground at the size it is placed in, and which of its pixels are its own."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.place import Box
from shards.pixels.object_pixels import object_pixels


@dataclasses.dataclass(frozen=True, slots=True)
class Cutout:
    """A straight "RGBA" picture, or alpha alone, and which of its pixels are its own.

    `bits` packs these row by row, `count` and `box` are their number and the tight box around them.
    """

    picture: Image.Image
    bits: NDArray[np.uint8]
    count: int
    box: Box
    flipped: bool = False
    """Whether `bits` are those of the picture before it was mirrored."""

    @property
    def own(self) -> NDArray[np.bool_]:
        """Its own pixels, bool (h, w)."""
        width, height = self.picture.size
        flat = np.unpackbits(self.bits, count=width * height).view(np.bool_)
        own = flat.reshape(height, width)
        return own[:, ::-1] if self.flipped else own

    def mirrored(self) -> "Cutout":
        """The same, left and right exchanged."""
        x, y, width, height = self.box
        turned = self.picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        box = (self.picture.width - x - width, y, width, height)
        return Cutout(turned, self.bits, self.count, box, flipped=not self.flipped)

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return 4 * self.picture.width * self.picture.height + self.bits.nbytes


def cut_out(picture: Image.Image) -> Cutout:
    """A straight "RGBA" picture, or an alpha "L" alone, with its own pixels found."""
    own = object_pixels(np.asarray(picture if picture.mode == "L" else picture.getchannel("A")))
    return Cutout(picture, np.packbits(own), int(np.count_nonzero(own)), tight_box(own))


def tight_box(pixels: NDArray[np.bool_], x: int = 0, y: int = 0) -> Box:
    """The smallest box around the true pixels of an array whose corner is at (x, y).

    All 0 where there are none.
    """
    columns, rows = (np.flatnonzero(pixels.any(axis=axis)) for axis in (0, 1))
    if not len(columns):
        return 0, 0, 0, 0
    left, top = int(columns[0]), int(rows[0])
    return x + left, y + top, int(columns[-1]) - left + 1, int(rows[-1]) - top + 1
