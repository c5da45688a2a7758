"""Where the objects of a scene stand: drawn, tried, and accepted one by one."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol, Self

from pipeline.compositing.blend import blend_used
from pipeline.compositing.cutout import Cutout, alpha_of, cut_out
from pipeline.compositing.edges import position_across
from pipeline.compositing.place import scaled_size, whole_position
from pipeline.compositing.placed_object import PlacedObject
from pipeline.compositing.standing import Arrangement, Footprint, Ground
from pipeline.compositing.turned import (
    ANGLES,
    Turn,
    Turnable,
    plan_turn,
    turned_alpha,
    turned_picture,
    turned_sizes,
)
from pipeline.planning.scene import EDGES, PLACE, ROTATION, TRUNCATION, Scene, SceneObject
from pipeline.planning.scene_fields import BLENDS
from shards.base.size import Size
from shards.pixels.object_pixels import SOLID

ATTEMPTS = 16
"""How often an object is tried before it is left out."""


class Wardrobe(Protocol):
    """Foregrounds, ready to be placed, by their place in the plan."""

    def size(self, index: int) -> Size:
        """The size of a foreground's alpha box."""

    def cutout(self, index: int, size: Size) -> Cutout:
        """A foreground at a size, upright."""

    def turnable(self, index: int) -> Turnable:
        """A foreground that can be turned."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """What is allowed in a scene; the options of a build by their names."""

    size: Size
    fg_scale: tuple[float, float]
    max_overlap: float
    rotate: float
    truncate: float
    blend: str

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """The rules of a plan with these options."""
        values = {field.name: options[field.name] for field in dataclasses.fields(cls)}
        pairs = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return cls(**(values | pairs))


class _Attempt(NamedTuple):
    cutout: Cutout
    angle: int
    turn: Turn | None
    unturned: Size
    footprint: Footprint
    corner: tuple[int, int]


def arrange(scene: Scene, rules: Rules, wardrobe: Wardrobe) -> Arrangement:
    """The objects of a scene as they stand on the canvas, in the order of drawing and painting."""
    ground = Ground(rules.size, rules.max_overlap)
    objects = []
    for number, each in enumerate(scene.objects):
        found = _find_place(scene, number, rules, wardrobe, ground)
        if found is not None:
            ground.put(found.footprint)
            objects.append(_placed(scene, number, each, found, rules, wardrobe))
    omitted = len(scene.objects) - len(objects)
    return Arrangement(tuple(objects), ground, ground.measures(), omitted)


def _find_place(
    scene: Scene, number: int, rules: Rules, wardrobe: Wardrobe, ground: Ground
) -> _Attempt | None:
    """The first attempt that fits beside what stands; of object 0 the last in any case."""
    tried = None
    for attempt in range(ATTEMPTS):
        tried = _try(scene, number, attempt, rules, wardrobe, ground)
        if tried is not None and ground.takes(tried.footprint):
            return tried
    return tried if number == 0 else None


def _try(
    scene: Scene, number: int, attempt: int, rules: Rules, wardrobe: Wardrobe, ground: Ground
) -> _Attempt | None:
    """An attempt, which may fit; None where a look at a part of the object says that it won't."""
    each = scene.objects[number]
    scale, x, y, _ = scene.draws(PLACE, number, attempt)
    angle, across = _angle(scene, number, attempt, rules), _across(scene, number, attempt, rules)
    turn, corner = None, None
    if angle:
        turnable = wardrobe.turnable(each.foreground)
        turn = plan_turn(turnable, angle, each.flip)
        size, unturned = turned_sizes(turnable, turn, scale, rules.size, rules.fg_scale)
        if across is None:
            corner = whole_position(size, (x, y), rules.size)
            if not _may_fit(turnable, turn, size, corner, ground):
                return None
            cutout = cut_out(turned_picture(turnable, turn, size), held=True)
        else:
            cutout = cut_out(turned_alpha(turnable, turn, size), held=True)
    else:
        size = scaled_size(wardrobe.size(each.foreground), scale, rules.size, rules.fg_scale)
        unturned, cutout = size, wardrobe.cutout(each.foreground, size)
        cutout = cutout.mirrored() if each.flip else cutout
    if across is not None:
        corner = position_across(cutout.own, across, rules.size)
    corner = corner or whole_position(size, (x, y), rules.size)
    return _Attempt(cutout, angle, turn, unturned, ground.footprint(cutout, corner), corner)


def _may_fit(
    turnable: Turnable, turn: Turn, size: Size, corner: tuple[int, int], ground: Ground
) -> bool:
    """Whether a whole turned object may fit, by its alpha where others stand.

    Most attempts are refused: to turn all of the object for these would take most of the time.
    """
    part = ground.contested(corner, size)
    if part is None:
        return True
    within = (part[0] - corner[0], part[1] - corner[1], *part[2:])
    own = alpha_of(turned_alpha(turnable, turn, size, within)) >= SOLID
    if not own.any():  # perhaps glass: all of it must be seen to know which pixels are own
        return True
    return ground.bears(part, own)


def _angle(scene: Scene, number: int, attempt: int, rules: Rules) -> int:
    """The angle of an object in 1/ANGLES of a degree, counter-clockwise."""
    if not rules.rotate:
        return 0
    return round((2 * scene.draws(ROTATION, number, attempt)[0] - 1) * rules.rotate * ANGLES)


def _across(scene: Scene, number: int, attempt: int, rules: Rules) -> float | None:
    """The draw for a position of an object that may cross an edge; None where it is whole."""
    if not rules.truncate:
        return None
    may, which, _, _ = scene.draws(TRUNCATION, number, attempt)
    return which if may < rules.truncate else None


def _placed(
    scene: Scene,
    number: int,
    each: SceneObject,
    found: _Attempt,
    rules: Rules,
    wardrobe: Wardrobe,
) -> PlacedObject:
    picture = found.cutout.picture
    if found.turn is not None and picture.mode == "L":
        picture = turned_picture(wardrobe.turnable(each.foreground), found.turn, picture.size)
    blend = rules.blend
    if blend == "mix":
        blend = BLENDS[int(scene.draws(EDGES, number)[0] * len(BLENDS))]
    box = (*found.corner, *picture.size)
    return PlacedObject(
        foreground=each.foreground,
        flip=each.flip,
        placement=each.placement,
        rotation=found.angle / ANGLES,
        box=box,
        unturned=found.unturned,
        picture=picture,
        blend=blend_used(blend, picture, box, rules.size),
    )
