"""Soft edges: an object's alpha feathered inwards, for painting only.

Alpha only falls, so nothing is painted where the mask has nothing, and the clean background still
is the composite wherever the mask is 0. It falls to its own mean around a pixel, which at a sharp
edge is a half and within glass is the glass's own alpha: what is seen through stays so, and twigs
fade without being lost.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.cutout import alpha_of

_LENGTH = 160
"""Pixels of an object whose alpha is averaged over 3 x 3, twice; over 5 x 5 at twice the length."""

_WIDEST = 3
"""Pixels that a mean reaches at most: edges in large photographs are no softer."""


def soften(picture: Image.Image) -> Image.Image:
    """An "RGBA" picture whose alpha is the lesser of itself and of its mean around each pixel.

    Sums are of integers, and the mean is rounded once; beyond the picture alpha is 0.
    """
    reach = min(_WIDEST, max(1, (max(picture.size) + _LENGTH // 2) // _LENGTH))
    alpha = alpha_of(picture)
    height, width = alpha.shape
    border, count = 2 * reach, (2 * reach + 1) ** 4
    kind = np.uint16 if 255 * count < 1 << 16 else np.uint32
    pitch = border + width
    sums: NDArray[np.unsignedinteger] = np.zeros((height + 2 * border) * pitch + 2 * border, kind)
    inside = sums[border * pitch : (border + height) * pitch].reshape(height, pitch)
    inside[:, border:] = alpha
    for step in (pitch, pitch, 1, 1):
        sums = _summed(sums, reach, step)
    sums += kind(count // 2)
    sums //= kind(count)
    mean = sums.reshape(height, pitch)[:, :width]
    least = np.minimum(alpha, mean.astype(np.uint8))
    softened = picture.copy()
    softened.putalpha(Image.frombytes("L", picture.size, least.tobytes()))
    return softened


def _summed(
    values: NDArray[np.unsignedinteger], reach: int, step: int
) -> NDArray[np.unsignedinteger]:
    """Each value that has `reach` others at distances of `step` on both sides, with these added.

    Rows lie one behind the other, zeros between them, so that one addition is of all rows.
    """
    length = len(values) - 2 * reach * step
    sums = values[:length] + values[step : step + length]
    for shift in range(2 * step, 2 * reach * step + 1, step):
        sums += values[shift : shift + length]
    return sums
