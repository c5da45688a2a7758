"""Samples with objects, made in memory from nothing but who owns which pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from shards.base.canonical_json import encode_json
from shards.pixels.codecs import encode_jpeg, encode_png
from shards.reading.sample import Sample

NO_BOX = [0, 0, 0, 0]


def box_around(pixels: NDArray[np.bool_]) -> list[int]:
    """The tight box [x, y, width, height] of what is set; zeros where nothing is."""
    rows, columns = np.flatnonzero(pixels.any(1)), np.flatnonzero(pixels.any(0))
    if not len(rows):
        return NO_BOX
    x, y = int(columns[0]), int(rows[0])
    return [x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1]


def object_entry(instances: NDArray[np.uint8], number: int, **changes: Any) -> dict[str, Any]:
    """The entry of object `number` (from 1) in a sample's json, whole and unhidden."""
    pixels = instances == number
    return {
        "foreground": f"cars/{number}.png",
        "category": "cars",
        "flip": False,
        "placement": 0 if number == 1 else None,
        "rotation": 0.0,
        "layer": number - 1,
        "box": box_around(pixels),
        "visible_box": box_around(pixels),
        "area": int(pixels.sum()),
        "visible": 1.0,
        "truncation": 0.0,
        "foot": None,
        "height": None,
        "blend": "alpha",
        "shadow": None,
        "harmonise": None,
    } | changes


def labelled_sample(
    instances: NDArray[np.uint8],
    *,
    changes: dict[int, dict[str, Any]] | None = None,
    stored: bool = True,
    position: int = 0,
    split: str = "train",
    **facts: Any,
) -> Sample:
    """A sample whose objects are the values of `instances` (H, W), 1 to its largest.

    `changes` replace values of an object's entry, by number; `stored` is whether it has
    `instances.png`.
    """
    count = int(instances.max(initial=0))
    info = {
        "split": split,
        "position": position,
        "background": "wall.jpg",
        "crop": [0, 0, instances.shape[1], instances.shape[0]],
        "background_flip": False,
        "place": "anywhere",
        "horizon": None,
        "omitted": 0,
        "camera": None,
        "distractors": [],
        "objects": [
            object_entry(instances, number, **(changes or {}).get(number, {}))
            for number in range(1, count + 1)
        ],
    } | facts
    mask = np.where(instances > 0, np.uint8(255), np.uint8(0))
    picture = encode_jpeg(np.repeat(mask[..., None], 3, 2), 90)
    fields = {
        "image.jpg": picture,
        "background.jpg": picture,
        "mask.png": encode_png(mask, "none"),
        "json": encode_json(info),
    }
    if stored:
        fields["instances.png"] = encode_png(instances, "none")
    return Sample(
        split=split,
        position=position,
        size=(instances.shape[1], instances.shape[0]),
        coding=None,
        fields=tuple(fields),
        get=fields.__getitem__,
    )
