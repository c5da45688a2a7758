"""depthmask/reports/object_counts.py"""

import numpy as np
import pytest
from labelled_samples import labelled_sample

from depthmask.reports.object_counts import count_objects, size_class

TWO = np.zeros((100, 200), np.uint8)
TWO[:50, :100] = 1
TWO[60:70, 120:140] = 2


def test_objects_are_counted_by_category_size_and_measures() -> None:
    people = {"category": "people", "visible": 0.5, "truncation": 0.25, "blend": "soft"}
    samples = [
        labelled_sample(TWO, changes={2: people}, omitted=1),
        labelled_sample(np.minimum(TWO, 1)),
        labelled_sample(np.zeros((100, 200), np.uint8), omitted=2),
    ]
    found = count_objects(samples, {"cars": 1, "people": 2, "signs": 3})
    assert found["samples"] == 3
    assert found["objects"] == 3
    assert found["per_sample"] == {"0": 1, "1": 1, "2": 1}
    assert found["omitted"] == 3
    assert found["categories"] == {
        "cars": {"id": 1, "objects": 2, "samples": 2},
        "people": {"id": 2, "objects": 1, "samples": 1},
        "signs": {"id": 3, "objects": 0, "samples": 0},
    }
    assert found["sizes"] == {"hidden": 0, "small": 1, "medium": 2, "large": 0}
    assert found["area"]["mean"] == pytest.approx((0.25 + 0.01 + (5000 + 200) / 20000) / 3)
    assert found["visible"]["quantiles"]["0"] == 0.5
    assert found["visible"]["histogram"] == [0, 0, 0, 0, 0, 1, 0, 0, 0, 2]
    assert (found["truncated"], found["truncation"]["quantiles"]["1"]) == (1, 0.25)
    assert found["blends"] == {"alpha": 2, "soft": 1}


def test_negatives_alone_have_no_measures() -> None:
    found = count_objects([labelled_sample(np.zeros((8, 8), np.uint8))], {"cars": 1})
    assert (found["objects"], found["per_sample"]) == (0, {"0": 1})
    assert found["area"] is found["visible"] is found["truncation"] is None


@pytest.mark.parametrize(
    ("area", "word"),
    [(0, "hidden"), (1, "small"), (1023, "small"), (1024, "medium"), (9215, "medium"),
     (9216, "large")],
)  # fmt: skip
def test_sizes_are_those_of_coco(area: int, word: str) -> None:
    assert size_class(area) == word
