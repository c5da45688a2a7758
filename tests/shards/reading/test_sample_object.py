"""shards/reading/sample_object.py, and what a sample gives of it"""

import dataclasses
import pickle

import numpy as np
import pytest
from labelled_samples import labelled_sample

from shards.base.errors import RunError

TWO = np.zeros((20, 20), np.uint8)
TWO[2:9, 3:8] = 1
TWO[5:12, 6:15] = 2


def test_objects_are_records_in_the_order_of_their_numbers_in_instances() -> None:
    sample = labelled_sample(TWO, changes={2: {"category": "people", "rotation": -12.5}})
    first, second = sample.objects
    assert (first.category, first.layer, first.placement, first.part) == ("cars", 0, 0, None)
    assert (second.category, second.layer, second.placement) == ("people", 1, None)
    assert second.rotation == -12.5
    assert second.box == second.visible_box == (6, 5, 9, 7)
    assert (first.area, second.area) == (5 * 7 - 2 * 4, 9 * 7)
    assert (sample.instances == TWO).all()
    with pytest.raises(dataclasses.FrozenInstanceError):
        first.area = 0  # type: ignore[misc]


def test_a_part_of_a_source_has_its_number() -> None:
    assert labelled_sample(TWO, changes={1: {"part": 3}}).objects[0].part == 3


def test_without_instances_png_the_half_opaque_pixels_are_the_objects() -> None:
    one = (TWO > 0).astype(np.uint8)
    sample = labelled_sample(one, stored=False)
    assert "instances.png" not in sample.fields
    assert (sample.instances == one).all()


def test_a_negative_sample_has_no_object_and_no_instance() -> None:
    for stored in (True, False):
        sample = labelled_sample(np.zeros((16, 16), np.uint8), stored=stored)
        assert sample.objects == ()
        assert not sample.instances.any()


def test_a_sample_carries_its_objects_to_another_process() -> None:
    sample = labelled_sample(TWO)
    arrived = pickle.loads(pickle.dumps(sample))
    assert arrived.objects == sample.objects
    assert (arrived.instances == TWO).all()


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"area": -1}, r"objects\[0\].area"),
        ({"box": [0, 0, 1]}, r"objects\[0\].box"),
        ({"visible": 1.5}, r"objects\[0\].visible"),
        ({"category": None}, r"objects\[0\].category"),
    ],
)
def test_an_object_that_no_build_writes_is_damage(changes: dict[str, object], found: str) -> None:
    sample = labelled_sample(TWO, changes={1: changes})
    with pytest.raises(RunError, match=found):
        _ = sample.objects
