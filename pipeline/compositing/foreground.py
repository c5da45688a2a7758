"""Foregrounds ready to be placed: premultiplied, reduced once, scaled for each sample."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_HEADROOM = 1.25


@dataclasses.dataclass(frozen=True, slots=True)
class Foreground:
    """A foreground ready to be placed: premultiplied "RGBa" pixels, and its size before reduction.

    The proportions of a placement follow `size`, (width, height) of the alpha box in the source.
    """

    picture: Image.Image
    size: tuple[int, int]


def _reduce(cropped: Image.Image, size: tuple[int, int]) -> Image.Image:
    """A premultiplied picture scaled down sharply (Lanczos), without the halo of its overshoot.

    Colour and alpha ring alike at an edge: their quotient does not, so colours are taken from it
    before alpha is cut to its range.
    """
    weights = np.asarray(cropped.getchannel("A")).astype(np.float32)

    def scaled(plane: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))

    colours = []
    for name in "RGB":  # one at a time: the planes of a large picture together take gigabytes
        plane = np.asarray(cropped.getchannel(name)).astype(np.float32)
        plane *= weights
        colours.append(scaled(plane))
    alpha = scaled(weights)
    straight = np.dstack(colours) / np.maximum(alpha, 0.5)[..., None]  # (H, W, 3)
    cut = np.clip(np.rint(alpha), 0, 255)
    premultiplied = np.rint(np.clip(straight, 0, 255) * cut[..., None] / 255)
    packed = np.dstack([premultiplied, cut]).astype(np.uint8)  # (H, W, 4)
    return Image.frombytes("RGBa", size, packed.tobytes())


def prepare_foreground(cropped: Image.Image, shorter: int, largest_scale: float) -> Foreground:
    """A cropped "RGBA" picture premultiplied, and reduced to 5/4 of the largest size it is used at.

    `largest_scale` is a share of the canvas' `shorter` side. Scaling from the full picture for each
    sample would be the dearest step of a build.
    """
    limit = max(1, int(_HEADROOM * largest_scale * shorter + 0.5))
    longest = max(cropped.size)
    if longest <= limit:
        return Foreground(cropped.convert("RGBa"), cropped.size)
    width, height = (max(1, int(side * limit / longest + 0.5)) for side in cropped.size)
    return Foreground(_reduce(cropped, (width, height)), cropped.size)


def scale_foreground(foreground: Foreground, size: tuple[int, int]) -> Image.Image:
    """A foreground as it is placed, "RGBA" of `size`.

    It is scaled without overshoot, so that no premultiplied colour exceeds its alpha.
    """
    picture = foreground.picture
    shrinks = size[0] < picture.width or size[1] < picture.height
    filter = Image.Resampling.HAMMING if shrinks else Image.Resampling.BILINEAR
    return picture.resize(size, filter).convert("RGBA")
