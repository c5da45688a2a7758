"""The json of a sample that was taken over from plain folders: what its mask tells."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.cutout import tight_box
from shards.pixels.object_pixels import object_pixels


def taken_over_facts(name: str, background: str, mask: NDArray[np.uint8]) -> dict[str, Any]:
    """A sample's facts but its split and position: one object, or none where the mask is empty.

    Nothing is known of what was drawn, so its names are empty, and it stands as if whole.
    """
    height, width = mask.shape
    return {
        "name": name,
        "background": background,
        "crop": [0, 0, width, height],
        "background_flip": False,
        "place": "anywhere",
        "horizon": None,
        "omitted": 0,
        "camera": None,
        "distractors": [],
        "objects": [_object_facts(mask)] if mask.any() else [],
    }


def _object_facts(mask: NDArray[np.uint8]) -> dict[str, Any]:
    own = object_pixels(mask)
    box = list(tight_box(own))
    return {
        "foreground": "",
        "category": "",
        "flip": False,
        "placement": None,
        "rotation": 0.0,
        "layer": 0,
        "box": box,
        "visible_box": box,
        "area": int(np.count_nonzero(own)),
        "visible": 1.0,
        "truncation": 0.0,
        "foot": None,
        "height": None,
        "blend": "alpha",
        "shadow": None,
        "harmonise": None,
    }
