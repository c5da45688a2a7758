"""pipeline/labels/voc.py"""

from xml.etree import ElementTree

import numpy as np
from labelled_samples import labelled_sample

from pipeline.labels.voc import VOC


def test_boxes_count_from_1_and_names_are_escaped() -> None:
    instances = np.zeros((10, 20), np.uint8)
    instances[1:5, 2:8] = 1
    sample = labelled_sample(
        instances, changes={1: {"category": "a<b", "truncation": 0.1, "visible": 0.9}}
    )
    labels = VOC.label(sample, {"a<b": 1})
    root = ElementTree.fromstring(labels.files["Annotations/train-000000000.xml"])
    assert root.findtext("filename") == "train-000000000.jpg"
    assert [root.findtext(f"size/{side}") for side in ("width", "height")] == ["20", "10"]
    (found,) = root.findall("object")
    assert found.findtext("name") == "a<b"
    assert [found.findtext(name) for name in ("truncated", "occluded")] == ["1", "1"]
    box = [found.findtext(f"bndbox/{end}") for end in ("xmin", "ymin", "xmax", "ymax")]
    assert box == ["3", "2", "8", "5"]
    assert labels.rows == {"train": [b"train-000000000"]}
