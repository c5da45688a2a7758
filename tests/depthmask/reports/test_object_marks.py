"""depthmask/reports/object_marks.py"""

import numpy as np
from labelled_samples import labelled_sample

from depthmask.reports.object_marks import object_marks, outline_path

TWO = np.zeros((20, 30), np.uint8)
TWO[2:9, 3:8] = 1
TWO[5:12, 6:15] = 2


def test_a_mark_has_the_box_and_the_outline_of_what_is_seen() -> None:
    changes = {1: {"visible": 0.8, "layer": 1}, 2: {"category": "people", "layer": 0}}
    above, below = object_marks(labelled_sample(TWO, changes=changes), {"cars": 1, "people": 2})
    assert (above.category, above.box) == ("people", (6, 5, 9, 7))
    assert above.outline == "M6.5 5.5L14.5 5.5L14.5 11.5L6.5 11.5Z"
    assert below.words == "cars cars/1.png, 80% not hidden"
    assert above.hue != below.hue


def test_outlines_of_large_pictures_are_coarser() -> None:
    pixels = np.zeros((4096, 4096), np.bool_)
    pixels[:800, :1600] = True
    assert outline_path(pixels) == "M4 4L1596 4L1596 796L4 796Z"


def test_what_has_no_pixel_has_no_outline() -> None:
    assert outline_path(np.zeros((8, 8), np.bool_)) == ""
