"""Rendering: the sample of a scene, evaluated from a plan and its sources."""

import dataclasses
import functools
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.arrange import Rules, arrange
from pipeline.compositing.composite import compose
from pipeline.depth.layer_cache import Layers
from pipeline.depth.layers import ForegroundLayer
from pipeline.depth.merge_layers import join_layers
from pipeline.machine.allocator import keep_freed_memory
from pipeline.machine.threads import one_thread
from pipeline.planning.plan import Plan
from pipeline.planning.scene import Scene
from pipeline.rendering.backdrops import Backdrops
from pipeline.rendering.drawn_scene import DrawnScene
from pipeline.rendering.facts import sample_facts
from pipeline.rendering.site import Site
from pipeline.rendering.source_pictures import SourcePictures
from pipeline.rendering.versions import other_versions
from pipeline.rendering.wardrobe import SourceWardrobe
from shards.base.errors import InputError
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.records.layout import keeps_instances
from shards.writing.encoding import RawSample, StoredBackground

if TYPE_CHECKING:
    from pipeline.depth.teachers.seam import Teacher


class Renderer:
    """Evaluates a plan: holds decoded sources (bounded) and the teacher of one process.

    `maps` counts what the teacher was asked for.
    """

    def __init__(self, plan: Plan, site: Site) -> None:
        self.plan, self._site = plan, site
        pictures = SourcePictures(plan, site)
        self.maps = 0
        width, height = plan.options["size"]
        self._canvas: Size = (width, height)
        self._rules = Rules.of(plan.options)
        self._wardrobe = SourceWardrobe(plan, pictures)
        self._backdrops = Backdrops(plan, pictures, self._wardrobe)

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

    def stored_background(self, index: int) -> StoredBackground:
        """A background in its stored form."""
        return self._backdrops.shared(index).stored

    def background_info(self, index: int) -> dict[str, Any]:
        """The facts stored beside a background."""
        source = self.plan.bg[index]
        return {"name": source.name, "sha256": source.sha256}

    def composite(self, scene: Scene) -> RawSample:
        """The sample of a scene, without depth."""
        return self.draw(scene).sample

    def draw(self, scene: Scene) -> DrawnScene:
        """The sample of a scene, without depth, and its layers."""
        backdrop = self._backdrops.of(scene)
        arranged = arrange(scene, self._rules, self._wardrobe)
        image, mask = compose(backdrop.pixels, arranged.objects)
        sample = RawSample(
            position=scene.position,
            image=image,
            mask=mask,
            instances=arranged.instances if keeps_instances(self.plan.options) else None,
            depth_codes=None,
            clipped=0,
            background=backdrop.stored,
            info=sample_facts(self.plan, scene, backdrop, arranged),
        )
        return DrawnScene(sample=sample, backdrop=backdrop, arranged=arranged)

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
        drawn = self.draw(scene)
        backdrop = drawn.backdrop
        background = self._layers.background(
            scene.background,
            lambda: self._backdrops.shared(scene.background).pixels,
            backdrop.view.part,
            backdrop.view.mirrored,
        )
        painted = (*(each.placed for each in backdrop.distractors), *drawn.arranged.objects)
        codes, clipped = join_layers(
            background,
            [(self._layer(placed.foreground), placed) for placed in painted],
            self._canvas,
            self._coding,
        )
        return dataclasses.replace(drawn.sample, depth_codes=codes, clipped=clipped)

    def _layer(self, index: int) -> ForegroundLayer:
        return self._layers.object(index, self._wardrobe.foreground(index))
