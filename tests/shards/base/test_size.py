"""shards/base/size.py: sizes as people write them"""

import numpy as np
import pytest

from pipeline.planning.options import BuildOptions
from shards.base.errors import InputError
from shards.base.options import identity_of
from shards.base.size import parse_size, size_text


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (96, (96, 96)),
        (np.int64(96), (96, 96)),
        ((320, 240), (320, 240)),
        ([np.int32(320), 240], (320, 240)),
        ("96", (96, 96)),
        ("320x240", (320, 240)),
        (" 320 X 240 ", (320, 240)),
        ("16×4096", (16, 4096)),
    ],
)
def test_a_size_is_one_number_a_pair_or_text(given: object, size: tuple[int, int]) -> None:
    options = BuildOptions(fg="fg", bg="bg", size=given)
    assert options.size == size
    assert [type(side) for side in options.size] == [int, int]
    assert identity_of(options)["size"] == list(size)
    assert parse_size(size_text(size)) == size


@pytest.mark.parametrize(
    "given", ["", "x", "320x", "320x240x3", "-64", "1.5", "٣٢", True, None, 64.0, (64,), (64, 64.5)]
)
def test_what_is_no_size_is_refused_with_what_was_expected(given: object) -> None:
    expected = "--size: expected a whole number of pixels, or WIDTHxHEIGHT, found .*; write it as"
    with pytest.raises(InputError, match=expected):
        BuildOptions(fg="fg", bg="bg", size=given)


@pytest.mark.parametrize(("given", "found"), [("15x64", "15x64"), ((64, 4097), "64x4097"), (8, 8)])
def test_a_side_beyond_the_limits_is_refused(given: object, found: object) -> None:
    expected = f"--size: expected 16 to 4096 pixels a side, found {found}"
    with pytest.raises(InputError, match=expected):
        BuildOptions(fg="fg", bg="bg", size=given)
