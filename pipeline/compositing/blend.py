"""From a scene to pixels: where the foreground goes, and the composite with its mask."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.place import Box


def compose(
    background: NDArray[np.uint8], placed: Image.Image, box: Box, flip: bool
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The composite uint8 (H, W, 3) and the mask uint8 (H, W), the foreground's alpha as placed.

    `background` is uint8 (H, W, 3), `placed` a foreground "RGBA" of the box's size. Outside the
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
