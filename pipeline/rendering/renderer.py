"""Rendering: the sample of a scene, evaluated from a plan and its sources."""

import dataclasses
import functools
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.arrange import arrange
from pipeline.compositing.composite import compose
from pipeline.compositing.cutout import Cutout, cut_out
from pipeline.compositing.foreground import Foreground, prepare_foreground, scale_foreground
from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layer_cache import Layers
from pipeline.depth.merge_layers import join_layers
from pipeline.machine.allocator import keep_freed_memory
from pipeline.machine.byte_cache import ByteCache
from pipeline.machine.threads import one_thread
from pipeline.planning.plan import Plan
from pipeline.planning.scene import Scene
from pipeline.rendering.facts import sample_facts
from pipeline.rendering.site import Site
from pipeline.rendering.source_pictures import SourcePictures
from pipeline.rendering.versions import other_versions
from pipeline.sources.canvas import crop_to_canvas, flatten, largest_crop
from shards.base.errors import InputError
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.writing.encoding import RawSample, StoredBackground, store_background

if TYPE_CHECKING:
    from pipeline.depth.teachers.seam import Teacher


_CACHE_BYTES = 48 << 20

_PLACED_BYTES = 40 << 20
"""As much as a worker's first hundreds of samples fill, so that a long build takes no more."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Background:
    crop: Box
    pixels: NDArray[np.uint8]
    stored: StoredBackground


class Renderer:
    """Evaluates a plan: holds decoded sources (bounded) and the teacher of one process.

    `maps` counts what the teacher was asked for.
    """

    def __init__(self, plan: Plan, site: Site) -> None:
        self.plan, self._site = plan, site
        self._pictures = SourcePictures(plan, site)
        self.maps = 0
        width, height = plan.options["size"]
        self._canvas: Size = (width, height)
        low, high = plan.options["fg_scale"]
        self._scales = (low, high)
        self._backgrounds = ByteCache[int, _Background](
            _CACHE_BYTES, lambda kept: kept.pixels.nbytes + len(kept.stored.data)
        )
        self._foregrounds = ByteCache[int, Foreground](
            _CACHE_BYTES, lambda kept: 4 * kept.picture.width * kept.picture.height
        )
        self._cutouts = ByteCache[tuple[int, Size], Cutout](_PLACED_BYTES, lambda kept: kept.nbytes)

    @functools.cached_property
    def teacher(self) -> "Teacher":
        """The depth teacher, loaded once a process, on one thread so that its bits do not vary.

        InputError where its weights are not those that the plan names.
        """
        from pipeline.depth.teachers.table import load_choice, planned_choice

        keep_freed_memory()
        site = self._site
        with one_thread():
            choice = planned_choice(
                self.plan.options, site.depth_weights, site.device, fetch=site.fetch
            )
            teacher = load_choice(choice)
        planned = self.plan.document["teacher"]["weights_sha256"]
        if teacher.card.weights_sha256 != planned:
            raise InputError(
                f"--depth-weights of {choice.name}",
                expected=f"the file with SHA-256 {planned}",
                found=teacher.card.weights_sha256,
                remedy="name the weights that the data set was built with",
            )
        return teacher

    @functools.cached_property
    def other_versions(self) -> dict[str, str]:
        """The versions in use here that are not those of the plan."""
        return other_versions(self.plan.document, self._site.device)

    @functools.cached_property
    def _layers(self) -> Layers:
        return Layers(self._coding, self._canvas, self.predict_alone, self._site.layers)

    @property
    def _coding(self) -> DepthCoding:
        if self.plan.depth is None:
            raise TypeError("a plan without depth has no codes")
        return self.plan.depth

    def predict_alone(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The teacher's map float32 (h, w) of one picture uint8 (H, W, 3) that it sees alone."""
        values: NDArray[np.float32] = self.predict(picture[None])[0]  # (H, W, 3) -> (h, w)
        return values

    def predict(self, pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Maps float32 (B, h, w) of uint8 (B, H, W, 3), on one thread and counted."""
        with one_thread():
            maps = self.teacher.predict(pictures)
        self.maps += len(maps)
        return maps

    def _background(self, index: int) -> _Background:
        picture = flatten(self._pictures.background(index))
        crop = largest_crop(picture.size, self._canvas)
        pixels = np.asarray(crop_to_canvas(picture, crop, self._canvas))
        quality = self.plan.options["image_quality"]
        return _Background(crop, pixels, store_background(pixels, quality))

    def _foreground(self, index: int) -> Foreground:
        cropped = self._pictures.foreground(index)
        return prepare_foreground(cropped, min(self._canvas), self._scales[1])

    def _cut(self, key: tuple[int, Size]) -> Cutout:
        index, size = key
        return cut_out(scale_foreground(self._foregrounds.get(index, self._foreground), size))

    def _size_of(self, index: int) -> Size:
        return self._foregrounds.get(index, self._foreground).size

    def _cutout_of(self, index: int, size: Size) -> Cutout:
        return self._cutouts.get((index, size), self._cut)

    def stored_background(self, index: int) -> StoredBackground:
        """A background in its stored form."""
        return self._backgrounds.get(index, self._background).stored

    def background_info(self, index: int) -> dict[str, Any]:
        """The facts stored beside a background."""
        source = self.plan.bg[index]
        return {"name": source.name, "sha256": source.sha256}

    def composite(self, scene: Scene) -> RawSample:
        """The sample of a scene, without depth."""
        return self._draw(scene)[0]

    def _draw(self, scene: Scene) -> tuple[RawSample, list[PlacedObject]]:
        """The sample of a scene, without depth, and its objects as they are painted."""
        background = self._backgrounds.get(scene.background, self._background)
        standing = arrange(scene, self._canvas, self._scales, self._size_of, self._cutout_of)
        drawn = compose(background.pixels, standing)
        objects = [each.placed for each in standing]
        sample = RawSample(
            position=scene.position,
            image=drawn.image,
            mask=drawn.mask,
            depth_codes=None,
            clipped=0,
            background=background.stored,
            info=sample_facts(self.plan, scene, background.crop, objects, drawn.measures),
        )
        return sample, objects

    def samples(self, split: str, positions: range) -> Iterator[RawSample]:
        """The samples at `positions`, in order: plan → scene → composite → depth.

        Without a teacher they have no depth. Who writes them encodes them (shards/writing).
        """
        scenes = (self.plan.scene(split, position) for position in positions)
        if self.plan.depth is None:
            yield from map(self.composite, scenes)
        elif self.plan.layered:
            yield from map(self._with_layered_depth, scenes)
        else:
            yield from self._with_depth(map(self.composite, scenes))

    def _with_depth(self, samples: Iterator[RawSample]) -> Iterator[RawSample]:
        while batch := tuple(islice(samples, self.plan.batch)):
            maps = self.predict(np.stack([sample.image for sample in batch]))  # (B, h, w)
            for sample, values in zip(batch, maps, strict=True):
                codes, clipped = self._coding.codes(self._coding.fit(values))
                yield dataclasses.replace(sample, depth_codes=codes, clipped=clipped)

    def _with_layered_depth(self, scene: Scene) -> RawSample:
        sample, (placed,) = self._draw(scene)
        background = self._backgrounds.get(scene.background, self._background)
        foreground = self._foregrounds.get(placed.foreground, self._foreground)
        codes, clipped = join_layers(
            self._layers.background(scene.background, background.pixels),
            self._layers.foreground(placed.foreground, foreground),
            sample.mask,
            placed.box,
            placed.flip,
            self._coding,
        )
        return dataclasses.replace(sample, depth_codes=codes, clipped=clipped)
