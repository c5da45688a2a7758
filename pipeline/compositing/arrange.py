"""Where the objects of a scene stand: drawn, tried, and accepted one by one."""

from collections.abc import Callable

from pipeline.compositing.cutout import Cutout
from pipeline.compositing.place import scaled_size, whole_position
from pipeline.compositing.placed_object import PlacedObject
from pipeline.compositing.standing import Standing
from pipeline.planning.scene import PLACE, Scene
from shards.base.size import Size


def arrange(
    scene: Scene,
    canvas: Size,
    scales: tuple[float, float],
    size_of: Callable[[int], Size],
    cutout_of: Callable[[int, Size], Cutout],
) -> list[Standing]:
    """The objects of a scene as they stand on the canvas, in the order of painting.

    `size_of` gives the size of a foreground's alpha box, `cutout_of` a foreground at a size.
    """
    standing = []
    for number, each in enumerate(scene.objects):
        scale, x, y, _ = scene.draws(PLACE, number)
        size = scaled_size(size_of(each.foreground), scale, canvas, scales)
        cutout = cutout_of(each.foreground, size)
        cutout = cutout.mirrored() if each.flip else cutout
        placed = PlacedObject(
            foreground=each.foreground,
            flip=each.flip,
            placement=each.placement,
            rotation=0.0,
            box=(*whole_position(size, (x, y), canvas), *size),
            unturned=size,
            picture=cutout.picture,
            blend="alpha",
        )
        standing.append(Standing(placed, cutout.own))
    return standing
