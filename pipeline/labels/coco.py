"""COCO: one file a split, with pixels as run lengths.

`bbox`, `area` and `segmentation` are of what is seen; `amodal_bbox`, `visible` and `truncation` say
what is hidden. Readers of COCO pass over keys that they do not know.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.labels.form import (
    HIDDEN,
    WRITTEN,
    Document,
    Form,
    LabelledSet,
    SampleLabels,
    category_name,
)
from pipeline.labels.run_lengths import run_lengths
from pipeline.labels.seen_objects import seen_objects
from shards.base.canonical_json import encode_json
from shards.base.keys import SPLITS
from shards.reading.sample import Sample
from shards.reading.sample_object import MOST_OBJECTS

_IMAGES, _ANNOTATIONS = "images", "annotations"


def _image(sample: Sample) -> str:
    return f"images/{sample.split}/{sample.key}.jpg"


def image_id(sample: Sample) -> int:
    """A number from 1 that no other sample of the set has, and that growth does not change."""
    return sample.position * len(SPLITS) + SPLITS.index(sample.split) + 1


def _label(sample: Sample, categories: Mapping[str, int]) -> SampleLabels:
    height, width = sample.instances.shape
    picture = {
        "id": image_id(sample),
        "file_name": f"{sample.key}.jpg",
        "width": width,
        "height": height,
        "background": sample.background_name,
    }
    rows = [encode_json(annotation) for annotation in annotations_of(sample, categories)]
    return SampleLabels(
        files={},
        rows={
            f"{_IMAGES}/{sample.split}": [encode_json(picture)],
            f"{_ANNOTATIONS}/{sample.split}": rows,
        },
        counts=Counter({WRITTEN: len(rows), HIDDEN: len(sample.objects) - len(rows)}),
    )


def annotations_of(sample: Sample, categories: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    """An annotation for each object of a sample that is seen."""
    counts = run_lengths(sample.instances)
    for seen in seen_objects(sample, categories):
        yield {
            "id": image_id(sample) * (MOST_OBJECTS + 1) + seen.number,
            "image_id": image_id(sample),
            "category_id": seen.category,
            "bbox": list(seen.box),
            "area": int(seen.pixels.sum()),
            "segmentation": {"size": list(seen.pixels.shape), "counts": counts[seen.number]},
            "iscrowd": 0,
            "amodal_bbox": list(seen.facts.box),
            "visible": seen.facts.visible,
            "truncation": seen.facts.truncation,
            "layer": seen.facts.layer,
            "foreground": seen.facts.foreground,
        }


def _documents(whole: LabelledSet) -> list[Document]:
    head = {
        "info": {"description": "composites made by depthmask", "digest": whole.digest},
        "licenses": [],
        "categories": [
            {"id": number, "name": category_name(name), "supercategory": ""}
            for name, number in whole.categories.items()
        ],
    }
    return [
        Document(
            f"annotations/instances_{split}.json",
            [
                encode_json(head)[:-1] + b',\n"images":[\n',
                f"{_IMAGES}/{split}",
                b'\n],\n"annotations":[\n',
                f"{_ANNOTATIONS}/{split}",
                b"\n]}\n",
            ],
        )
        for split, count in whole.samples.items()
        if count
    ]


COCO = Form(image=_image, label=_label, documents=_documents, separator=b",\n")
