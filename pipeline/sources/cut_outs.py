"""Cut-outs: a picture with its alpha, whether it brings it, a file has it, or a part is wanted."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources.alpha import LEAST_ALPHA, is_greyish
from pipeline.sources.decode import decode_values
from pipeline.sources.formats.integrity import UnusablePictureError
from pipeline.sources.parts import label_parts

_OBJECT_SIDE = 32


def read_alpha(data: bytes, *, known: bool = False) -> Image.Image:
    """The bytes of an alpha file as "L", turned as EXIF says, 16 bits scaled to 8, no profile used.

    Raises as `decode_picture` does, and UnusablePictureError for what is not grey.
    """
    picture = decode_values(data, known=known)
    if picture.mode == "RGBA":
        if np.asarray(picture.getchannel("A")).min() < 255:
            raise UnusablePictureError("transparent itself, where it should be grey")
        picture = picture.convert("RGB")
    if not is_greyish(picture):
        raise UnusablePictureError("coloured, where it should be grey")
    return picture.convert("L")


def with_alpha(picture: Image.Image, alpha: Image.Image) -> Image.Image:
    """A picture as "RGBA" with that alpha in place of its own."""
    if alpha.size != picture.size:
        width, height = picture.size
        raise UnusablePictureError(
            f"{alpha.width} x {alpha.height} pixels for a picture of {width} x {height}"
        )
    joined = picture.convert("RGB")
    joined.putalpha(alpha)
    return joined


def only_part(picture: Image.Image, part: int) -> Image.Image:
    """One part (from 0) of an "RGBA" picture, cropped to it, with its alpha alone."""
    alpha = np.asarray(picture.getchannel("A"))
    labels = label_parts(alpha)
    if part >= labels.max(initial=0):
        raise UnusablePictureError(f"no part {part}")
    return _alone(picture, alpha, labels, part)


def separate(picture: Image.Image) -> Iterator[tuple[int | None, Image.Image]]:
    """Every part of an "RGBA" picture with its number, as `only_part` gives it.

    A picture that is one part and nothing else is given whole, without a number.
    """
    alpha = np.asarray(picture.getchannel("A"))
    labels = label_parts(alpha)
    count = int(labels.max(initial=0))
    if count == 1 and labels[alpha >= LEAST_ALPHA].all():
        yield None, picture
        return
    for part in range(count):
        yield part, _alone(picture, alpha, labels, part)


def _alone(
    picture: Image.Image, alpha: NDArray[np.uint8], labels: NDArray[np.uint8], part: int
) -> Image.Image:
    own = labels == part + 1
    rows, columns = np.flatnonzero(own.any(axis=1)), np.flatnonzero(own.any(axis=0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    alone = picture.crop((int(left), int(top), int(right), int(bottom)))
    inside = slice(top, bottom), slice(left, right)
    alone.putalpha(Image.fromarray(alpha[inside] * own[inside]))
    return alone


def count_objects(picture: Image.Image) -> int:
    """About how many parts of an "RGBA" picture may be objects of their own: at least 32 px long.

    They are looked for at 256 pixels a side at most.
    """
    alpha = picture.getchannel("A")
    factor = max(1, -(-max(alpha.size) // 256))
    labels = label_parts(np.asarray(alpha.reduce(factor)))
    parts = (np.nonzero(labels == number) for number in range(1, int(labels.max(initial=0)) + 1))
    sides = (factor * (1 + max(int(np.ptp(rows)), int(np.ptp(columns)))) for rows, columns in parts)
    return sum(side >= _OBJECT_SIDE for side in sides)
