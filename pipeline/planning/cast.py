"""The cast of a split: which objects and distractors a scene draws."""

import dataclasses
from collections.abc import Sequence

from pipeline.planning.scene import (
    COUNT,
    DISTRACTORS,
    WHICH,
    Scene,
    SceneDistractor,
    SceneObject,
)

_CHANCE = 0.5


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Cast:
    """What scenes of a split may show: places of foregrounds and distractors in the plan.

    With `balanced` scenes every category, a list of `foregrounds`, comes equally often.
    """

    foregrounds: Sequence[int]
    categories: Sequence[Sequence[int]]
    distractors: Sequence[int]
    objects: tuple[int, int]
    distractor_count: tuple[int, int]
    flips: bool
    balanced: bool

    def fill(self, scene: Scene, first: SceneObject) -> Scene:
        """A scene of object 0 as its cell says, `first`, with all that it draws."""
        if self.objects == (1, 1) and not (self.balanced or self.distractors):
            return scene
        count = _between(self.objects, scene, COUNT)
        objects = (self._object(scene, number, first) for number in range(count))
        pasted = _between(self.distractor_count, scene, DISTRACTORS) if self.distractors else 0
        distractors = (self._distractor(scene, number) for number in range(pasted))
        return dataclasses.replace(scene, objects=tuple(objects), distractors=tuple(distractors))

    def _object(self, scene: Scene, number: int, first: SceneObject) -> SceneObject:
        if number == 0 and not self.balanced:
            return first
        category, member, mirrored, _ = scene.draws(WHICH, number)
        among = self.foregrounds
        if self.balanced:
            among = self.categories[int(category * len(self.categories))]
        flip = first.flip if number == 0 else self.flips and mirrored < _CHANCE
        return SceneObject(foreground=among[int(member * len(among))], flip=flip, placement=None)

    def _distractor(self, scene: Scene, number: int) -> SceneDistractor:
        which, scale, x, y = scene.draws(DISTRACTORS, number + 1)
        mirrored = scene.draws(DISTRACTORS, number + 1, block=2)[0]
        return SceneDistractor(
            source=self.distractors[int(which * len(self.distractors))],
            flip=self.flips and mirrored < _CHANCE,
            scale=scale,
            x=x,
            y=y,
        )


def _between(range: tuple[int, int], scene: Scene, stage: int) -> int:
    """A number of a range's, its ends among them, each as often."""
    low, high = range
    return low if low == high else low + int(scene.draws(stage)[0] * (high - low + 1))
