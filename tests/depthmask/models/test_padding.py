"""depthmask/models/padding.py"""

import torch
from hypothesis import given
from hypothesis import strategies as st

from depthmask.models.padding import crop, pad_to_multiple


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 4, 16, 28, 32]))
def test_sides_become_the_least_multiples_and_come_back(h: int, w: int, multiple: int) -> None:
    picture = torch.arange(2 * h * w, dtype=torch.float32).view(1, 2, h, w)
    padded = pad_to_multiple(picture, multiple)
    for side, given_side in zip(padded.shape[-2:], (h, w), strict=True):
        assert side % multiple == 0
        assert given_side <= side < given_side + multiple
    assert torch.equal(crop(padded, h, w), picture)
    assert torch.equal(padded[..., -1, -1], picture[..., -1, -1])
