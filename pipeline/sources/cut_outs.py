"""Cut-outs: a picture with its alpha, whether it brings it, a file has it, or a part is wanted."""

import numpy as np
from PIL import Image

from pipeline.sources.alpha import LEAST_ALPHA
from pipeline.sources.decode import decode_values
from pipeline.sources.formats.integrity import UnusablePictureError
from pipeline.sources.parts import label_parts

_GREYISH = 12
"""How far the channels of a grey picture may lie apart: JPEG moves them."""


def read_alpha(data: bytes, *, known: bool = False) -> Image.Image:
    """The bytes of an alpha file as "L", turned as EXIF says, 16 bits scaled to 8, no profile used.

    Raises as `decode_picture` does, and UnusablePictureError for what is not grey.
    """
    picture = decode_values(data, known=known)
    if picture.mode == "RGBA":
        if np.asarray(picture.getchannel("A")).min() < 255:
            raise UnusablePictureError("transparent itself, where it should be grey")
        picture = picture.convert("RGB")
    red, green, blue = (np.asarray(picture.getchannel(name)).astype(np.int16) for name in "RGB")
    if max(abs(red - green).max(), abs(red - blue).max(), abs(green - blue).max()) > _GREYISH:
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
    """An "RGBA" picture with the alpha of one of its parts (from 0) alone."""
    alpha = np.asarray(picture.getchannel("A"))
    kept = np.where(label_parts(alpha) == part + 1, alpha, np.uint8(0))
    if not kept.any():
        raise UnusablePictureError(f"no part {part}")
    alone = picture.copy()
    alone.putalpha(Image.fromarray(kept))
    return alone


def parts_of(picture: Image.Image) -> list[int | None]:
    """The parts that an "RGBA" picture is made of: [None] where it is one, with nothing beside."""
    alpha = np.asarray(picture.getchannel("A"))
    labels = label_parts(alpha)
    count = int(labels.max(initial=0))
    if count == 1 and labels[alpha >= LEAST_ALPHA].all():
        return [None]
    return list(range(count))


def count_parts(picture: Image.Image) -> int:
    """About how many parts an "RGBA" picture has, at 256 pixels a side at most."""
    alpha = picture.getchannel("A")
    alpha = alpha.reduce(max(1, -(-max(alpha.size) // 256)))
    return int(label_parts(np.asarray(alpha)).max(initial=0))
