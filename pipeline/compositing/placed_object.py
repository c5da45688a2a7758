"""An object as it is painted."""

import dataclasses

from PIL import Image

from pipeline.compositing.place import Box
from shards.base.size import Size


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PlacedObject:
    """An object as it is painted: `picture` is straight "RGBA" of the box's size, turned already.

    `rotation` is in degrees counter-clockwise, after the flip. `box` may cross the edges of the
    canvas. `unturned` is the size that its alpha box would have without the rotation, at the same
    scale. `blend` is how its edges are joined: "alpha", "soft" or "poisson".
    """

    foreground: int
    flip: bool
    placement: int | None
    rotation: float
    box: Box
    unturned: Size
    picture: Image.Image
    blend: str


def upright(picture: Image.Image, box: Box) -> PlacedObject:
    """A straight "RGBA" picture of the box's size as an object of no scene: whole, as it is."""
    return PlacedObject(
        foreground=0,
        flip=False,
        placement=None,
        rotation=0.0,
        box=box,
        unturned=box[2:],
        picture=picture,
        blend="alpha",
    )
