"""From placed objects to a composite: pixels, mask, instances and measures."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.blend import cut_to_canvas, paint
from pipeline.compositing.standing import Measures, Standing, tight_box


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Composite:
    """A scene's pixels: `image` uint8 (H, W, 3), `mask` uint8 (H, W), the objects' alpha together.

    `instances` uint8 (H, W): 0 where no object owns the pixel, else 1 + the index of the topmost
    that does. `measures` has an entry for each object.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    instances: NDArray[np.uint8]
    measures: tuple[Measures, ...]


def compose(background: NDArray[np.uint8], objects: Sequence[Standing]) -> Composite:
    """Paint objects over a background uint8 (H, W, 3), in their order."""
    image = background.copy()
    mask = np.zeros(background.shape[:2], np.uint8)
    instances = np.zeros(background.shape[:2], np.uint8)
    for index, each in enumerate(objects):
        paint(image, each.placed)
        inside, picture = cut_to_canvas(each.placed, image.shape[1::-1])
        alpha = np.asarray(picture.getchannel("A"))
        mask[inside] = alpha if not index else _over(alpha, mask[inside])
        instances[inside][_own_inside(each, inside)] = index + 1
    measures = tuple(_measure(each, index, instances) for index, each in enumerate(objects))
    return Composite(image=image, mask=mask, instances=instances, measures=measures)


def _over(alpha: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """m + a - m·a / 255, rounded: the share of light that both together hold back."""
    product = alpha.astype(np.uint16) * mask + 128
    product += product >> 8
    product >>= 8
    joined: NDArray[np.uint8] = mask + (alpha - product.astype(np.uint8))
    return joined


def _own_inside(each: Standing, inside: tuple[slice, slice]) -> NDArray[np.bool_]:
    rows, columns = inside
    x, y, _, _ = each.placed.box
    return each.own[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]


def _measure(each: Standing, index: int, instances: NDArray[np.uint8]) -> Measures:
    inside, _ = cut_to_canvas(each.placed, instances.shape[::-1])
    rows, columns = inside
    own = _own_inside(each, inside)
    seen = instances[inside] == index + 1
    total, within, area = (int(np.count_nonzero(pixels)) for pixels in (each.own, own, seen))
    return Measures(
        box=tight_box(own, columns.start, rows.start),
        visible_box=tight_box(seen, columns.start, rows.start),
        area=area,
        visible=area / within if within else 0.0,
        truncation=(total - within) / total if total else 0.0,
    )
