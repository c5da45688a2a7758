"""pipeline/compositing/cutout.py: an object's own pixels, and the box around them"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from pipeline.compositing.cutout import cut_out


@given(
    width=st.integers(1, 9),
    height=st.integers(1, 9),
    most=st.sampled_from([0, 1, 100, 255]),
    seed=st.integers(0, 999),
)
def test_a_mirrored_cutout_is_that_of_the_mirrored_picture(
    width: int, height: int, most: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
    pixels[..., 3] = (
        rng.integers(0, most + 1, (height, width)) * rng.integers(0, 2, height)[:, None]
    )
    mirrored = cut_out(Image.fromarray(pixels)).mirrored()
    wanted = cut_out(Image.fromarray(pixels[:, ::-1].copy()))
    assert mirrored.picture.tobytes() == wanted.picture.tobytes()
    assert np.array_equal(mirrored.own, wanted.own)
    assert (mirrored.level, mirrored.count, mirrored.box) == (
        wanted.level,
        wanted.count,
        wanted.box,
    )
