"""Objects that stand on the canvas, and which of its pixels are whose."""

import dataclasses
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.cutout import Cutout, tight_box
from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject

_FEW = 4


class Measures(NamedTuple):
    """What is measured on an object's own pixels; boxes are all 0 where there are none.

    `box` holds those inside the canvas, before others hide any; `visible_box` and `area` those
    that are seen, `visible` is their share of those inside; `truncation` the share outside.
    """

    box: Box
    visible_box: Box
    area: int
    visible: float
    truncation: float


class Footprint(NamedTuple):
    """The own pixels of an object on a canvas: those of `cutout` over `rows` and `columns` of it.

    `corner` is that of its picture, `inside` the number of those on the canvas, `total` that of
    those beyond, too, `box` the tight box around those on it.
    """

    cutout: Cutout
    corner: tuple[int, int]
    rows: slice
    columns: slice
    inside: int
    total: int
    box: Box

    @property
    def own(self) -> NDArray[np.bool_]:
        """Its own pixels over `rows` and `columns`, bool."""
        x, y = self.corner
        rows, columns = self.rows, self.columns
        return self.cutout.own[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]


@dataclasses.dataclass(frozen=True, slots=True)
class Arrangement:
    """The objects of a scene as they are painted, in their order, and how many found no place.

    `measures` has an entry for each.
    """

    objects: tuple[PlacedObject, ...]
    ground: "Ground"
    measures: tuple[Measures, ...]
    omitted: int

    @property
    def instances(self) -> NDArray[np.uint8]:
        """Whose each pixel is (H, W): 0 nobody's, else 1 + the index of the last that owns it."""
        return self.ground.instances


class Ground:
    """A canvas that objects are put on one by one, where each leaves enough of the others."""

    def __init__(self, canvas: tuple[int, int], max_overlap: float) -> None:
        self._canvas, self._max_overlap = canvas, max_overlap
        self._instances: NDArray[np.uint8] | None = None
        self._painted = 0
        self._standing: list[Footprint] = []
        self._hidden: list[int] = []
        self._weighed: tuple[Footprint, list[int]] | None = None

    @property
    def instances(self) -> NDArray[np.uint8]:
        """Whose each pixel is; made when it is first asked for, as one object needs none."""
        if self._instances is None:
            self._instances = np.zeros(self._canvas[::-1], np.uint8)
        for footprint in self._standing[self._painted :]:
            self._painted += 1
            there = self._instances[footprint.rows, footprint.columns]
            if self._painted == 1:
                there[:] = footprint.own
            else:
                there[footprint.own] = self._painted
        return self._instances

    def footprint(self, cutout: Cutout, corner: tuple[int, int]) -> Footprint:
        """Where the own pixels of something would be, its picture's corner at `corner`."""
        (x, y), (width, height) = corner, cutout.picture.size
        wide, high = self._canvas
        if x >= 0 and y >= 0 and x + width <= wide and y + height <= high:
            rows, columns = slice(y, y + height), slice(x, x + width)
            left, top, across, down = cutout.box
            box = (x + left, y + top, across, down) if cutout.count else cutout.box
            inside = cutout.count
        else:
            rows = slice(max(y, 0), min(y + height, high))
            columns = slice(max(x, 0), min(x + width, wide))
            own = cutout.own[rows.start - y : rows.stop - y, columns.start - x : columns.stop - x]
            inside, box = int(np.count_nonzero(own)), tight_box(own, columns.start, rows.start)
        return Footprint(cutout, corner, rows, columns, inside, cutout.count, box)

    def takes(self, footprint: Footprint) -> bool:
        """Whether an object may stand there: it is seen, and hides no other beyond the limit."""
        if not footprint.inside:
            return False
        if not self._standing:
            return True
        self._weighed = footprint, self._hides(footprint)
        return self._leave_enough(self._weighed[1])

    def contested(self, corner: tuple[int, int], size: tuple[int, int]) -> Box | None:
        """The part of a box in which an object might hide too much of another, if there is any.

        It cannot of one that it would leave enough of even if its whole box were its own.
        """
        boxes = []
        for standing, hidden in zip(self._standing, self._hidden, strict=True):
            shared = _shared((*corner, *size), standing.box)
            if hidden + shared[2] * shared[3] > self._max_overlap * standing.inside:
                boxes.append(shared)
        return _around(boxes)

    def bears(self, part: Box, own: NDArray[np.bool_]) -> bool:
        """Whether others keep enough beside an object with `own` pixels in the contested part."""
        x, y, width, height = part
        return self._leave_enough(self._count(self.instances[y : y + height, x : x + width], own))

    def _leave_enough(self, hides: list[int]) -> bool:
        return all(
            hidden + more <= self._max_overlap * standing.inside
            for standing, hidden, more in zip(self._standing, self._hidden, hides, strict=True)
        )

    def _hides(self, footprint: Footprint) -> list[int]:
        """How many pixels of each standing object, seen until now, another would hide."""
        x, y = footprint.columns.start, footprint.rows.start
        whole = (x, y, footprint.columns.stop - x, footprint.rows.stop - y)
        shared = (_shared(whole, standing.box) for standing in self._standing)
        part = _around([box for box in shared if box[2]])
        if part is None:
            return [0] * len(self._standing)
        left, top, width, height = part
        own = footprint.own[top - y : top - y + height, left - x : left - x + width]
        return self._count(self.instances[top : top + height, left : left + width], own)

    def _count(self, there: NDArray[np.uint8], own: NDArray[np.bool_]) -> list[int]:
        standing = len(self._standing)
        if standing <= _FEW:  # one pass for each takes less than picking the pixels out
            under = there * own
            return [int(np.count_nonzero(under == number)) for number in range(1, standing + 1)]
        hidden: list[int] = np.bincount(there[own], minlength=standing + 1)[1:].tolist()
        return hidden

    def put(self, footprint: Footprint) -> None:
        """Let an object stand there, in front of all others."""
        if self._standing:
            known = self._weighed is not None and self._weighed[0] is footprint
            hides = self._weighed[1] if self._weighed and known else self._hides(footprint)
            self._hidden = [old + new for old, new in zip(self._hidden, hides, strict=True)]
        self._hidden.append(0)
        self._standing.append(footprint)

    def measures(self) -> tuple[Measures, ...]:
        """What is measured on each object, now that all stand."""
        return tuple(map(self._measure, count(), self._standing, self._hidden))

    def _measure(self, index: int, footprint: Footprint, hidden: int) -> Measures:
        visible_box, area = footprint.box, footprint.inside - hidden
        if hidden:
            seen = self.instances[footprint.rows, footprint.columns] == index + 1
            visible_box = tight_box(seen, footprint.columns.start, footprint.rows.start)
        return Measures(
            box=footprint.box,
            visible_box=visible_box,
            area=area,
            visible=area / footprint.inside if footprint.inside else 0.0,
            truncation=(footprint.total - footprint.inside) / footprint.total
            if footprint.total
            else 0.0,
        )


def _shared(one: Box, other: Box) -> Box:
    """The box that two share; of size 0 where it is none."""
    left, top = max(one[0], other[0]), max(one[1], other[1])
    right = min(one[0] + one[2], other[0] + other[2])
    bottom = min(one[1] + one[3], other[1] + other[3])
    return (left, top, right - left, bottom - top) if left < right and top < bottom else (0,) * 4


def _around(boxes: list[Box]) -> Box | None:
    """The smallest box around some, if there are any."""
    if not boxes:
        return None
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right = max(box[0] + box[2] for box in boxes)
    bottom = max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top
