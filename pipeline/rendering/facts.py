"""The json of a sample: everything that was drawn for it, and what was measured."""

from typing import Any

from pipeline.compositing.placed_object import PlacedObject
from pipeline.compositing.standing import Arrangement, Measures
from pipeline.planning.plan import Plan
from pipeline.planning.scene import Scene
from pipeline.rendering.backdrops import Backdrop


def sample_facts(
    plan: Plan, scene: Scene, backdrop: Backdrop, arranged: Arrangement
) -> dict[str, Any]:
    """What a sample's json says."""
    first = len(plan.fg)
    return {
        "split": scene.split,
        "position": scene.position,
        "background": plan.bg[scene.background].name,
        "crop": list(backdrop.view.crop),
        "background_flip": backdrop.view.mirrored,
        "place": "anywhere",
        "horizon": None,
        "omitted": arranged.omitted,
        "camera": None,
        "distractors": [
            {
                "source": plan.distractors[each.placed.foreground - first].name,
                "flip": each.placed.flip,
                "box": list(each.box),
            }
            for each in backdrop.distractors
        ],
        "objects": [
            _object_facts(plan, placed, layer, measured)
            for layer, (placed, measured) in enumerate(
                zip(arranged.objects, arranged.measures, strict=True)
            )
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
