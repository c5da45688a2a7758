"""A background brought to the canvas: its largest centred part of that shape, scaled once."""

from PIL import Image

from shards.base.size import Size

_MID_GREY = (128, 128, 128, 255)


def largest_crop(picture: Size, canvas: Size) -> tuple[int, int, int, int]:
    """x, y, width and height of the largest centred part of a picture in the canvas' shape.

    Whole pixels: the side that is cut is rounded, and has at least one.
    """
    (width, height), (wide, high) = picture, canvas
    if width * high >= height * wide:  # as wide as the canvas, or wider
        cut = (min(width, max(1, (2 * height * wide + high) // (2 * high))), height)
    else:
        cut = (width, min(height, max(1, (2 * width * high + wide) // (2 * wide))))
    return (width - cut[0]) // 2, (height - cut[1]) // 2, *cut


def fill_canvas(picture: Image.Image, canvas: Size) -> Image.Image:
    """The largest centred part of a picture in the canvas' shape, scaled to it with antialiasing.

    It is "RGB": a background's own alpha is flattened over mid-grey.
    """
    if picture.mode == "RGBA":
        grey = Image.new("RGBA", picture.size, _MID_GREY)
        picture = Image.alpha_composite(grey, picture).convert("RGB")
    x, y, width, height = largest_crop(picture.size, canvas)
    part = picture.crop((x, y, x + width, y + height))
    return part.resize(canvas, Image.Resampling.BICUBIC)
