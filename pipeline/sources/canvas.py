"""A background brought to the canvas: a part of it in that shape, scaled once."""

from PIL import Image

from shards.base.size import Size

Crop = tuple[int, int, int, int]
"""x, y, width, height in pixels of a picture."""

_MID_GREY = (128, 128, 128, 255)


def largest_crop(picture: Size, canvas: Size) -> Crop:
    """The largest centred part of a picture in the canvas' shape.

    Whole pixels: the side that is cut is rounded, and has at least one.
    """
    (width, height), (wide, high) = picture, canvas
    if width * high >= height * wide:  # as wide as the canvas, or wider
        cut = (min(width, max(1, (2 * height * wide + high) // (2 * high))), height)
    else:
        cut = (width, min(height, max(1, (2 * width * high + wide) // (2 * wide))))
    return (width - cut[0]) // 2, (height - cut[1]) // 2, *cut


def flatten(picture: Image.Image) -> Image.Image:
    """A background as "RGB": its own alpha is flattened over mid-grey."""
    if picture.mode != "RGBA":
        return picture
    grey = Image.new("RGBA", picture.size, _MID_GREY)
    return Image.alpha_composite(grey, picture).convert("RGB")


def crop_to_canvas(picture: Image.Image, crop: Crop, canvas: Size) -> Image.Image:
    """A part of a picture, scaled to the canvas with antialiasing."""
    x, y, width, height = crop
    part = picture.crop((x, y, x + width, y + height))
    return part.resize(canvas, Image.Resampling.BICUBIC)
