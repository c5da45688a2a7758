"""pipeline/labels/coco.py and pipeline/labels/seen_objects.py"""

import json
from typing import Any

import numpy as np
import pytest
from labelled_samples import labelled_sample

from pipeline.labels.coco import COCO, annotations_of, image_id
from pipeline.labels.form import LabelledSet
from shards.base.errors import RunError

THREE = np.zeros((6, 8), np.uint8)
THREE[1:4, 2:5] = 1
THREE[3:6, 4:8] = 3
CATEGORIES = {"cars": 1, "people": 2}
HIDDEN = {"area": 0, "visible": 0.0, "box": [5, 4, 2, 1]}
CHANGES = {
    1: {"box": [2, 1, 3, 4], "visible": 0.8, "category": "people"},
    2: HIDDEN,
    3: {"truncation": 0.25, "layer": 2},
}


def test_an_annotation_says_what_is_seen_and_what_is_hidden() -> None:
    sample = labelled_sample(THREE, changes=CHANGES, position=4, split="val")
    first, third = annotations_of(sample, CATEGORIES)
    assert first == {
        "id": image_id(sample) * 256 + 1,
        "image_id": image_id(sample),
        "category_id": 2,
        "bbox": [2, 1, 3, 3],
        "area": 8,
        "segmentation": {"size": [6, 8], "counts": first["segmentation"]["counts"]},
        "iscrowd": 0,
        "amodal_bbox": [2, 1, 3, 4],
        "visible": 0.8,
        "truncation": 0.0,
        "layer": 0,
        "foreground": "cars/1.png",
    }
    assert (third["id"] - first["id"], third["bbox"], third["area"]) == (2, [4, 3, 4, 3], 12)
    assert (third["category_id"], third["truncation"], third["layer"]) == (1, 0.25, 2)


def test_an_object_that_is_wholly_hidden_has_no_annotation_and_is_counted() -> None:
    sample = labelled_sample(THREE, changes=CHANGES)
    labels = COCO.label(sample, CATEGORIES)
    assert labels.counts == {"objects": 2, "hidden": 1}
    assert len(labels.rows["annotations/train"]) == 2


def test_a_negative_sample_is_an_image_without_annotations() -> None:
    labels = COCO.label(labelled_sample(np.zeros((6, 8), np.uint8)), CATEGORIES)
    assert labels.rows["annotations/train"] == []
    assert [json.loads(row) for row in labels.rows["images/train"]] == [
        {
            "id": 1,
            "file_name": "train-000000000.jpg",
            "width": 8,
            "height": 6,
            "background": "wall.jpg",
        }
    ]


@pytest.mark.parametrize(
    ("changes", "found"),
    [({"changes": {1: {"category": "x"}}}, "the category x"), ({"objects": []}, "of object 3")],
)
def test_pixels_and_categories_that_nothing_is_known_of_are_damage(
    changes: dict[str, Any], found: str
) -> None:
    with pytest.raises(RunError, match=found):
        list(annotations_of(labelled_sample(THREE, **changes), CATEGORIES))


def test_ids_of_images_differ_over_splits_and_do_not_depend_on_the_number_of_samples() -> None:
    small = np.zeros((6, 8), np.uint8)
    ids = [
        image_id(labelled_sample(small, split=split, position=position))
        for position in range(3)
        for split in ("train", "val", "test")
    ]
    assert ids == [1, 2, 3, 4, 5, 6, 7, 8, 9]


def test_a_split_without_samples_has_no_file() -> None:
    whole = LabelledSet(CATEGORIES, {"train": 3, "val": 1, "test": 0}, "0" * 64)
    paths = [document.path for document in COCO.documents(whole)]
    assert paths == ["annotations/instances_train.json", "annotations/instances_val.json"]
