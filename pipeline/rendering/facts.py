"""The json of a sample: everything that was drawn for it, and what was measured."""

from collections.abc import Sequence
from typing import Any

from pipeline.compositing.placed_object import PlacedObject
from pipeline.compositing.standing import Measures
from pipeline.planning.plan import Plan
from pipeline.planning.scene import Scene


def sample_facts(
    plan: Plan,
    scene: Scene,
    crop: Sequence[int],
    objects: Sequence[PlacedObject],
    measures: Sequence[Measures],
) -> dict[str, Any]:
    """What stands in a sample's json; `crop` is the background's, in its source's pixels."""
    return {
        "split": scene.split,
        "position": scene.position,
        "background": plan.bg[scene.background].name,
        "crop": list(crop),
        "background_flip": False,
        "place": "anywhere",
        "horizon": None,
        "omitted": len(scene.objects) - len(objects),
        "camera": None,
        "distractors": [],
        "objects": [
            _object_facts(plan, placed, layer, measured)
            for layer, (placed, measured) in enumerate(zip(objects, measures, strict=True))
        ],
    }


def _object_facts(
    plan: Plan, placed: PlacedObject, layer: int, measured: Measures
) -> dict[str, Any]:
    source = plan.fg[placed.foreground]
    part = {} if source.part is None else {"part": source.part}
    return part | {
        "foreground": source.name,
        "category": source.category,
        "flip": placed.flip,
        "placement": placed.placement,
        "rotation": placed.rotation,
        "layer": layer,
        "box": list(measured.box),
        "visible_box": list(measured.visible_box),
        "area": measured.area,
        "visible": measured.visible,
        "truncation": measured.truncation,
        "foot": None,
        "height": None,
        "blend": placed.blend,
        "shadow": None,
        "harmonise": None,
    }
