"""Backgrounds of a plan as its samples show them: kept at little more than the canvas's size."""

import dataclasses
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.blend import paint
from pipeline.compositing.place import Box, scaled_size, whole_position
from pipeline.compositing.placed_object import PlacedObject, upright
from pipeline.depth.layers import Part
from pipeline.machine.byte_cache import ByteCache
from pipeline.planning.plan import Plan
from pipeline.planning.scene import BACKGROUND_VIEW, Scene
from pipeline.rendering.source_pictures import SourcePictures
from pipeline.rendering.wardrobe import SourceWardrobe
from pipeline.sources.canvas import crop_to_canvas, flatten, largest_crop
from shards.base.size import Size
from shards.writing.encoding import StoredBackground, store_background

_CACHE_BYTES = 48 << 20
_CHANCE = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """What a sample shows of a background: a part of its source, mirrored or not.

    `largest` is the largest such part, which a teacher sees.
    """

    largest: Box
    crop: Box
    mirrored: bool

    @property
    def part(self) -> Part | None:
        """Left, top, right and bottom edge as shares of the largest part; None for all of it."""
        if self.crop == self.largest:
            return None
        (left, top, width, height), (x, y, wide, high) = self.largest, self.crop
        edges = (x - left, y - top, x + wide - left, y + high - top)
        return edges[0] / width, edges[1] / height, edges[2] / width, edges[3] / height


@dataclasses.dataclass(frozen=True, slots=True)
class Pasted:
    """A distractor as it is painted, and the tight box of its own pixels."""

    placed: PlacedObject
    box: Box


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Backdrop:
    """The clean background of a sample: uint8 (H, W, 3), its stored form, and what it shows."""

    view: View
    pixels: NDArray[np.uint8]
    stored: StoredBackground
    distractors: tuple[Pasted, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Kept:
    """A background's largest crop in its source's pixels, and its picture, perhaps reduced."""

    crop: Box
    picture: Image.Image


class Backdrops:
    """The backgrounds of a plan."""

    def __init__(self, plan: Plan, pictures: SourcePictures, wardrobe: SourceWardrobe) -> None:
        self._plan, self._pictures, self._wardrobe = plan, pictures, wardrobe
        width, height = plan.options["size"]
        self._canvas: Size = (width, height)
        self._varied = plan.options["bg_crop"] < 1 or plan.options["bg_flip"]
        self._kept = ByteCache[int, _Kept](
            _CACHE_BYTES, lambda kept: 3 * kept.picture.width * kept.picture.height
        )
        self._shared = ByteCache[int, Backdrop](
            _CACHE_BYTES, lambda kept: kept.pixels.nbytes + len(kept.stored.data)
        )

    def shared(self, index: int) -> Backdrop:
        """A background as all samples share it: its largest crop."""
        return self._shared.get(index, self._share)

    def of(self, scene: Scene) -> Backdrop:
        """The clean background of a scene."""
        if not (self._varied or scene.distractors):
            return self.shared(scene.background)
        view, pixels = self._view(scene)
        pasted = tuple(self._paste(pixels, scene))
        return Backdrop(view=view, pixels=pixels, stored=self._store(pixels), distractors=pasted)

    def _share(self, index: int) -> Backdrop:
        kept = self._reduce(index, self._canvas)
        pixels = np.asarray(kept.picture)
        view = View(largest=kept.crop, crop=kept.crop, mirrored=False)
        return Backdrop(view=view, pixels=pixels, stored=self._store(pixels))

    def _reduce(self, index: int, most: Size) -> _Kept:
        """A background's largest crop, at `most`, or at its own size where that is smaller."""
        picture = flatten(self._pictures.background(index))
        crop = largest_crop(picture.size, self._canvas)
        size = most
        if most != self._canvas:
            size = min(most[0], crop[2]), min(most[1], crop[3])
        return _Kept(crop, crop_to_canvas(picture, crop, size))

    def _keep(self, index: int) -> _Kept:
        share = self._plan.options["bg_crop"]
        width, height = (int(side / share + 0.5) for side in self._canvas)
        return self._reduce(index, (width, height))

    def _view(self, scene: Scene) -> tuple[View, NDArray[np.uint8]]:
        """What a scene shows of its background, and the pixels, which are its own."""
        if not self._varied:
            shared = self.shared(scene.background)
            return shared.view, shared.pixels.copy()
        least = self._plan.options["bg_crop"]
        draw, across, down, mirror = scene.draws(BACKGROUND_VIEW)
        kept = self._kept.get(scene.background, self._keep)
        left, top, *largest = kept.crop
        share = least + draw * (1 - least)
        width, height = (max(1, int(share * side + 0.5)) for side in largest)
        x, y = (
            int(place * (side - part + 1))
            for place, side, part in zip((across, down), largest, (width, height), strict=True)
        )
        picture = kept.picture
        scale_x, scale_y = picture.width / largest[0], picture.height / largest[1]
        part = (x * scale_x, y * scale_y, (x + width) * scale_x, (y + height) * scale_y)
        if part != (0, 0, *picture.size) or picture.size != self._canvas:
            picture = picture.resize(self._canvas, Image.Resampling.BICUBIC, box=part)
        mirrored = self._plan.options["bg_flip"] and mirror < _CHANCE
        if mirrored:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        crop = (left + x, top + y, width, height)
        return View(largest=kept.crop, crop=crop, mirrored=mirrored), np.array(picture)

    def _paste(self, pixels: NDArray[np.uint8], scene: Scene) -> Iterator[Pasted]:
        """Paint a scene's distractors over its background."""
        first = len(self._plan.fg)
        low, high = self._plan.options["fg_scale"]
        for each in scene.distractors:
            index = first + each.source
            size = scaled_size(self._wardrobe.size(index), each.scale, self._canvas, (low, high))
            cutout = self._wardrobe.cutout(index, size)
            cutout = cutout.mirrored() if each.flip else cutout
            x, y = whole_position(size, (each.x, each.y), self._canvas)
            placed = dataclasses.replace(
                upright(cutout.picture, (x, y, *size)), foreground=index, flip=each.flip
            )
            paint(pixels, placed)
            left, top, width, height = cutout.box
            yield Pasted(placed, (x + left, y + top, width, height))

    def _store(self, pixels: NDArray[np.uint8]) -> StoredBackground:
        return store_background(pixels, self._plan.options["image_quality"])
