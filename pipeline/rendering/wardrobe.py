"""Foregrounds and distractors of a plan, kept ready to be placed: bounded in memory."""

from pipeline.compositing.cutout import Cutout, cut_out
from pipeline.compositing.foreground import Foreground, prepare_foreground, scale_foreground
from pipeline.compositing.turned import Turnable, make_turnable
from pipeline.machine.byte_cache import ByteCache
from pipeline.planning.plan import Plan
from pipeline.rendering.source_pictures import SourcePictures
from shards.base.size import Size

_CACHE_BYTES = 48 << 20

_PLACED_BYTES = 40 << 20
"""As much as a worker's first hundreds of samples fill, so that a long build takes no more."""


class SourceWardrobe:
    """What is placed, by its index among the plan's foregrounds; distractors come after these."""

    def __init__(self, plan: Plan, pictures: SourcePictures) -> None:
        self._pictures = pictures
        self._shorter, self._largest = min(plan.options["size"]), plan.options["fg_scale"][1]
        self._foregrounds = ByteCache[int, Foreground](
            _CACHE_BYTES, lambda kept: 4 * kept.picture.width * kept.picture.height
        )
        self._cutouts = ByteCache[tuple[int, Size], Cutout](_PLACED_BYTES, lambda kept: kept.nbytes)
        self._turnable = ByteCache[int, Turnable](_CACHE_BYTES, lambda kept: kept.nbytes)

    def foreground(self, index: int) -> Foreground:
        """What is placed, reduced to little more than its largest size on the canvas."""
        return self._foregrounds.get(index, self._prepare)

    def size(self, index: int) -> Size:
        """The size of its alpha box."""
        return self.foreground(index).size

    def cutout(self, index: int, size: Size) -> Cutout:
        """It at a size, upright; kept, as sizes come again."""
        return self._cutouts.get((index, size), self._cut)

    def turnable(self, index: int) -> Turnable:
        """It as it can be turned."""
        return self._turnable.get(index, self._make_turnable)

    def _prepare(self, index: int) -> Foreground:
        return prepare_foreground(self._pictures.placeable(index), self._shorter, self._largest)

    def _cut(self, key: tuple[int, Size]) -> Cutout:
        index, size = key
        return cut_out(scale_foreground(self.foreground(index), size))

    def _make_turnable(self, index: int) -> Turnable:
        return make_turnable(self._pictures.placeable(index), self._shorter, self._largest)
