"""What drawn cut-outs are painted with: masks, ramps, shaded parts, and the way to their size.

Cut-outs are drawn at `OVER` times their size and averaged down, so every edge pixel's alpha is
the share of it that they cover. Coordinates come from tables, additions and square roots, no
sines: the same bytes on every machine.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Cutout = NDArray[np.uint8]
Pen = Callable[[ImageDraw.ImageDraw, float, float], None]
"""Draws white on a mask whose upper left corner is the point (x, y) of the picture."""
Point = tuple[float, float]
Window = tuple[int, int, int, int]
Piece = tuple[Window, Pen]

OVER = 4


def tone(paint: Colour, factor: float) -> Colour:
    """A colour made lighter (over 1) or darker."""
    r, g, b = (int(min(255, max(0, channel * factor))) for channel in paint)
    return r, g, b


def ramp(size: tuple[int, int], top: Colour, bottom: Colour) -> Image.Image:
    """A picture that runs from one colour above to another below."""
    rows = np.linspace(np.array(top), np.array(bottom), size[1]).astype(np.uint8)
    return Image.fromarray(np.broadcast_to(rows[:, None], (size[1], size[0], 3)).copy())


def shape(size: tuple[int, int], points: list[Point]) -> Image.Image:
    """A mask that is white in a polygon."""
    mask = Image.new("L", size, 0)
    ImageDraw.Draw(mask).polygon(points, fill=255)
    return mask


def rounded(mask: Image.Image, radius: float) -> Image.Image:
    """The mask with its corners rounded: blurred and cut at a half."""
    return mask.filter(ImageFilter.GaussianBlur(radius)).point(lambda v: 255 if v > 127 else 0)


def fill(image: Image.Image, mask: Image.Image, picture: Image.Image | Colour) -> None:
    """Paints `picture` through `mask`; the image becomes opaque there."""
    layer = Image.new("RGB", image.size, picture) if isinstance(picture, tuple) else picture
    image.paste(
        Image.merge("RGBA", (*layer.split(), Image.new("L", image.size, 255))), (0, 0), mask
    )


def reduce_drawing(large: Image.Image) -> Cutout:
    """A drawing brought to its size, (h, w, 4) uint8 RGBA with straight alpha and soft edges."""
    gloss = large.filter(ImageFilter.GaussianBlur(OVER * 0.6))
    gloss.putalpha(large.getchannel("A"))
    size = (gloss.width // OVER, gloss.height // OVER)
    premultiplied = gloss.convert("RGBa").resize(size, Image.Resampling.BOX)
    return np.asarray(premultiplied.convert("RGBA"))


def frame_drawing(image: Image.Image) -> Image.Image:
    """A drawing cut to what is on it, with a margin of four to five of its final pixels."""
    left, top, right, low = image.getbbox() or (0, 0, *image.size)
    margin = 4 * OVER
    width, height = (-(-side // OVER) * OVER + 2 * margin for side in (right - left, low - top))
    framed = Image.new("RGBA", (width, height))
    framed.paste(image.crop((left, top, right, low)), (margin, margin))
    return framed


def disc(centre: Point, radius: float) -> Piece:
    """A disc for `paint_part`."""
    return oval(centre, radius, radius)


def oval(centre: Point, across: float, along: float) -> Piece:
    """An upright ellipse for `paint_part`, from its two radii."""
    x, y = centre

    def draw(pen: ImageDraw.ImageDraw, left: float, top: float) -> None:
        box = (x - across - left, y - along - top, x + across - left, y + along - top)
        pen.ellipse(box, fill=255)

    return _window([(x - across, y - along), (x + across, y + along)]), draw


def polygon(points: Sequence[Point]) -> Piece:
    """A polygon for `paint_part`."""

    def draw(pen: ImageDraw.ImageDraw, left: float, top: float) -> None:
        pen.polygon([(x - left, y - top) for x, y in points], fill=255)

    return _window(points), draw


def limb(joints: Sequence[Point], radii: Sequence[float]) -> list[Piece]:
    """What lies along a line of joints, as thick at each as its radius says: arms, legs, poles."""
    pieces = [disc(joint, radius) for joint, radius in zip(joints, radii, strict=True)]
    for (x, y), (x2, y2), r, r2 in zip(joints, joints[1:], radii, radii[1:], strict=False):
        reach = ((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5 or 1.0
        across, down = (y - y2) / reach, (x2 - x) / reach
        pieces.append(
            polygon(
                [
                    (x + across * r, y + down * r),
                    (x2 + across * r2, y2 + down * r2),
                    (x2 - across * r2, y2 - down * r2),
                    (x - across * r, y - down * r),
                ]
            )
        )
    return pieces


def paint_part(
    image: Image.Image,
    pieces: Sequence[Piece],
    colour: Colour,
    *,
    corner: float = 0,
    depth: float = 0,
    shadow: float = 0,
    stripes: tuple[Colour, float] | None = None,
) -> None:
    """Paint one part of a body or thing, the union of `pieces`, over what is painted already.

    `corner`: radius that its corners are rounded by. `depth`: how far the light from the upper
    left reaches round it, so that it looks round; 0 is flat. `shadow`: length of the soft shadow
    that it casts on what lies under it. `stripes`: a second colour across, and its pitch.
    """
    pad = int(2 * corner + 2 * shadow) + 2
    left = max(0, min(window[0] for window, _ in pieces) - pad)
    top = max(0, min(window[1] for window, _ in pieces) - pad)
    right = min(image.width, max(window[2] for window, _ in pieces) + pad)
    low = min(image.height, max(window[3] for window, _ in pieces) + pad)
    size = (right - left, low - top)
    mask = Image.new("L", size, 0)
    pen = ImageDraw.Draw(mask)
    for _, draw in pieces:
        draw(pen, left, top)
    if corner:
        mask = rounded(mask, corner)
    under = image.crop((left, top, right, low))
    if shadow:
        _darken(under, _moved(mask, shadow / 2, shadow / 2, shadow))
    layer = Image.new("RGB", size, colour)
    if stripes:
        _stripe(layer, top, *stripes)
    if depth:
        dark = ImageChops.subtract(mask, _moved(mask, -depth, -depth, depth))
        light = ImageChops.subtract(mask, _moved(mask, depth, depth, depth))
        deep = ImageChops.multiply(layer, Image.new("RGB", size, (132, 132, 148)))
        layer.paste(deep, (0, 0), dark.point(lambda v: v * 7 // 10))
        bright = ImageChops.screen(layer, Image.new("RGB", size, (84, 82, 72)))
        layer.paste(bright, (0, 0), light.point(lambda v: v * 5 // 10))
    fill(under, mask, layer)
    image.paste(under, (left, top))


def _stripe(layer: Image.Image, top: int, colour: Colour, pitch: float) -> None:
    pen = ImageDraw.Draw(layer)
    for number in range(int(top / pitch), int((top + layer.height) / pitch) + 1):
        level = number * pitch - top
        pen.rectangle((0, level, layer.width, level + pitch * 0.42), fill=colour)


def _darken(under: Image.Image, where: Image.Image) -> None:
    """A soft shadow on what is opaque already."""
    veil = ImageChops.multiply(where, under.getchannel("A")).point(lambda v: v * 4 // 10)
    dark = Image.new("RGB", under.size, (14, 14, 22))
    shaded = Image.composite(dark, under.convert("RGB"), veil)
    under.paste(Image.merge("RGBA", (*shaded.split(), under.getchannel("A"))))


def _moved(mask: Image.Image, x: float, y: float, blur: float) -> Image.Image:
    soft = mask.filter(ImageFilter.BoxBlur(1.5 * blur))
    moved = Image.new("L", mask.size, 0)
    moved.paste(soft, (int(x), int(y)))
    return moved


def _window(points: Sequence[Point]) -> Window:
    across, down = [x for x, _ in points], [y for _, y in points]
    return int(min(across)) - 1, int(min(down)) - 1, int(max(across)) + 2, int(max(down)) + 2
