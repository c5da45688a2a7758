"""A foreground at the size it is placed in, and which of its pixels are its own."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shards.pixels.object_pixels import object_pixels


@dataclasses.dataclass(frozen=True, slots=True)
class Cutout:
    """A straight "RGBA" picture, and its own pixels: bool (h, w), alpha 128 and more.

    Of glass, which is nowhere so opaque, those from half of its largest alpha on.
    """

    picture: Image.Image
    own: NDArray[np.bool_]

    def mirrored(self) -> "Cutout":
        """The same, left and right exchanged."""
        return Cutout(self.picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT), self.own[:, ::-1])

    @property
    def nbytes(self) -> int:
        """The memory that it takes."""
        return 5 * self.own.size


def cut_out(picture: Image.Image) -> Cutout:
    """A straight "RGBA" picture with its own pixels found."""
    alpha = np.asarray(picture.getchannel("A"))
    return Cutout(picture, object_pixels(alpha))
