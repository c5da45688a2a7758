"""From a scene to pixels: where the foreground goes, and the composite with its mask."""

import dataclasses

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.plan import Scene

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the canvas."""

_HEADROOM = 1.25


@dataclasses.dataclass(frozen=True, slots=True)
class Foreground:
    """A foreground ready to be placed: premultiplied "RGBa" pixels, and its size before reduction.

    The proportions of a placement follow `size`, (width, height) of the alpha box in the source.
    """

    picture: Image.Image
    size: tuple[int, int]


def place(scene: Scene, size: tuple[int, int], canvas: int, scales: tuple[float, float]) -> Box:
    """Where a foreground of `size` (width, height) stands on the canvas, wholly inside.

    Its longest side becomes a uniform share of the canvas from `scales`; each side has at least
    one pixel; every position is equally likely.
    """
    low, high = scales
    longest = max(1, int((low + scene.scale * (high - low)) * canvas + 0.5))
    width, height = (max(1, int(side * longest / max(size) + 0.5)) for side in size)
    x = int(scene.x * (canvas - width + 1))
    y = int(scene.y * (canvas - height + 1))
    return x, y, width, height


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


def prepare_foreground(cropped: Image.Image, canvas: int, largest_scale: float) -> Foreground:
    """A cropped "RGBA" picture premultiplied, and reduced to 5/4 of the largest size it is used at.

    Scaling from the full picture for each sample would be the dearest step of a build.
    """
    limit = max(1, int(_HEADROOM * largest_scale * canvas + 0.5))
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


def compose(
    background: NDArray[np.uint8], placed: Image.Image, box: Box, flip: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The composite uint8 (S, S, 3) and the mask uint8 (S, S), the foreground's alpha as placed.

    `background` is uint8 (S, S, 3), `placed` a foreground "RGBA" of the box's size. Outside the
    box, and wherever the mask is 0, the composite is the background; where it is 255, `placed`.
    """
    x, y, width, height = box
    if flip:
        placed = placed.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    inside = (slice(y, y + height), slice(x, x + width))
    region = Image.frombytes("RGB", (width, height), background[inside].tobytes())
    region.paste(placed, (0, 0), placed)
    image = background.copy()
    image[inside] = np.asarray(region)
    mask = np.zeros(background.shape[:2], np.uint8)
    mask[inside] = np.asarray(placed.getchannel("A"))
    return image, mask
