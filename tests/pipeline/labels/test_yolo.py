"""pipeline/labels/yolo.py"""

import numpy as np
import pytest
import yaml
from labelled_samples import labelled_sample
from polygon_pixels import fill_polygon

from pipeline.labels.form import LabelledSet
from pipeline.labels.yolo import YOLO, YOLO_BOXES

CATEGORIES = {"cars": 1, "people": 2}
TWO = np.zeros((10, 20), np.uint8)
TWO[1:5, 2:8] = 1
TWO[2:4, 3:5] = 0
TWO[6:10, 10:20] = 2
TWO[:, 15] = 0


def lines_of(form: object, instances: np.ndarray, **settings: object) -> list[list[str]]:
    labels = form.label(labelled_sample(instances, **settings), CATEGORIES)  # type: ignore[attr-defined]
    assert list(labels.files) == ["labels/train/train-000000000.txt"]
    return [line.split() for line in labels.files.popitem()[1].decode().splitlines()]


def test_a_box_is_its_middle_and_size_as_shares_of_the_picture() -> None:
    lines = lines_of(YOLO_BOXES, TWO, changes={2: {"category": "people"}})
    assert lines == [
        ["0", "0.250000", "0.300000", "0.300000", "0.400000"],
        ["1", "0.750000", "0.800000", "0.500000", "0.400000"],
    ]


@pytest.mark.parametrize("turned", [np.round, np.floor])
def test_who_rounds_and_who_cuts_off_finds_the_pixels_of_an_object_without_holes(
    turned: np.ufunc,
) -> None:
    for seed in range(12):
        size = np.random.default_rng(seed).integers(5, 40, 2)
        middle = size / 2
        y, x = np.mgrid[: size[0], : size[1]]
        disc = ((y - middle[0]) / size[0]) ** 2 + ((x - middle[1]) / size[1]) ** 2 < 0.2
        (line,) = lines_of(YOLO, disc.astype(np.uint8))
        shares = np.array(line[1:], np.float32).reshape(-1, 2)
        corners = turned(shares * size[::-1].astype(np.float32)).astype(np.int64)
        assert (fill_polygon(corners, disc.shape) == disc).all()


def test_what_a_polygon_cannot_hold_is_counted() -> None:
    labels = YOLO.label(labelled_sample(TWO), CATEGORIES)
    assert labels.counts == {
        "objects": 2, "hidden": 0, "with_holes": 1, "hole_pixels": 4, "in_parts": 1,
    }  # fmt: skip


def test_an_object_of_one_pixel_is_a_polygon_too() -> None:
    instances = np.zeros((10, 20), np.uint8)
    instances[4, 7] = 1
    (line,) = lines_of(YOLO, instances)
    assert line == ["0", *["0.362500", "0.425000"] * 3]


def test_a_negative_sample_has_an_empty_file() -> None:
    for form in (YOLO, YOLO_BOXES):
        assert lines_of(form, np.zeros((10, 20), np.uint8)) == []


def test_data_yaml_names_the_folders_and_the_classes_from_0() -> None:
    names = {'a "b": c': 1, "é": 2, "no": 3, "🚗\\": 4}
    for form in (YOLO, YOLO_BOXES):
        (document,) = form.documents(LabelledSet(names, {"train": 3, "val": 1, "test": 0}, ""))
        assert document.path == "data.yaml"
        (text,) = document.parts
        assert yaml.safe_load(text) == {
            "train": "images/train",
            "val": "images/val",
            "names": {0: 'a "b": c', 1: "é", 2: "no", 3: "🚗\\"},
        }
