"""One sample before any pixel: which sources it shows, and the numbers it draws."""

import dataclasses

from pipeline.planning.philox import SPLIT_NUMBERS, uniforms

PLACE, COUNT, WHICH, ROTATION, TRUNCATION, BACKGROUND_VIEW, EDGES = range(1, 8)
DISTRACTORS = 10
"""Stages of the draws: what each word of their blocks decides is in docs/data-format.md."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SceneObject:
    """An object before any pixel.

    `foreground` is its place in the plan's foregrounds; `placement` that of its cell, or None for
    one that was drawn.
    """

    foreground: int
    flip: bool
    placement: int | None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SceneDistractor:
    """A distractor before any pixel: its place in the plan's, and three draws in [0, 1)."""

    source: int
    flip: bool
    scale: float
    x: float
    y: float


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Scene:
    """One sample before any pixel: its background, its objects in the order of drawing."""

    split: str
    position: int
    seed: int
    background: int
    objects: tuple[SceneObject, ...] = ()
    distractors: tuple[SceneDistractor, ...] = ()

    def draws(self, stage: int, object: int = 0, attempt: int = 0, block: int = 1) -> list[float]:
        """Four floats in [0, 1) that nothing but the arguments, seed and sample decide."""
        counter = (block, self.position, SPLIT_NUMBERS[self.split], object << 32 | attempt)
        return uniforms(counter, (self.seed, stage))
