"""pipeline/compositing/poisson_blend.py: colours that leave half of the seam, in their own place"""

import hashlib
import importlib.util
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.place import Box
from pipeline.compositing.poisson_blend import can_settle, settle
from shards.pixels.object_pixels import SOLID

needs_opencv = pytest.mark.skipif(
    importlib.util.find_spec("cv2") is None, reason="needs the extra poisson"
)

GREY = np.full((96, 128, 3), 120, np.uint8)


def thing(size: tuple[int, int], colour: tuple[int, int, int], seed: int = 0) -> Image.Image:
    """A round thing with a faint texture and a soft edge."""
    width, height = size
    down, across = np.indices((height, width))
    distance = np.hypot(
        (across + 0.5) / width * 2 - 1, (down + 0.5) / height * 2 - 1
    )  # 1 at the edge
    alpha = np.clip((1 - distance) * 8, 0, 1) * 255
    texture = np.random.default_rng(seed).integers(-40, 41, (height, width, 1))
    colours = np.clip(np.array(colour) + texture, 0, 255)
    return Image.fromarray(np.dstack([colours, alpha]).astype(np.uint8))


def curvature(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """How far each inner pixel differs from its four neighbours: (h - 2, w - 2, 3)."""
    whole = pixels[..., :3].astype(np.int64)
    around = whole[:-2, 1:-1] + whole[2:, 1:-1] + whole[1:-1, :-2] + whole[1:-1, 2:]
    return 4 * whole[1:-1, 1:-1] - around


@needs_opencv
@settings(max_examples=25)
@given(st.integers(8, 41), st.integers(8, 41), st.integers(1, 54), st.integers(1, 54))
def test_an_objects_texture_stays_on_its_own_pixels(
    width: int, height: int, x: int, y: int
) -> None:
    """seamlessClone places by a centre that it rounds: a pixel too far would exchange them."""
    picture = thing((width, height), (130, 110, 90), seed=width)
    after = np.asarray(settle(GREY, picture, (x, y)))
    own = np.asarray(picture)
    solid = own[..., 3] >= SOLID
    inside = solid[:-2, 1:-1] & solid[2:, 1:-1] & solid[1:-1, :-2] & solid[1:-1, 2:]
    inside &= solid[1:-1, 1:-1]
    assert np.abs(curvature(after) - curvature(own))[inside].max() <= 8  # of rounding
    assert np.array_equal(after[..., 3], own[..., 3])


@needs_opencv
def test_an_object_moves_half_way_to_a_plain_scene() -> None:
    """Over one colour the whole way is the object's texture about that colour."""
    picture = thing((40, 30), (200, 60, 40))
    after = np.asarray(settle(GREY, picture, (30, 20))).astype(int)
    solid = after[..., 3] == 255
    assert after[solid][:, :3].mean(axis=0) == pytest.approx([160, 90, 80], abs=6)


@needs_opencv
def test_an_object_of_the_scenes_colour_stays_as_it_is() -> None:
    picture = Image.new("RGBA", (30, 20), (120, 120, 120, 255))
    after = np.asarray(settle(GREY, picture, (11, 7))).astype(int)
    assert np.abs(after[..., :3] - 120).max() <= 1


@needs_opencv
def test_the_canvas_stays_and_one_pixel_from_its_edge_is_enough() -> None:
    canvas = np.random.default_rng(5).integers(0, 256, (32, 40, 3), np.uint8)
    before = canvas.copy()
    settle(canvas, thing((38, 30), (90, 120, 200)), (1, 1))
    assert np.array_equal(canvas, before)


@needs_opencv
@pytest.mark.parametrize("threads", [1, 2, 5])
def test_colours_do_not_depend_on_the_threads_of_the_process(threads: int) -> None:
    asked = (
        "import sys, cv2, hashlib, numpy as np\n"
        "from PIL import Image\n"
        f"cv2.setNumThreads({threads})\n"
        "from pipeline.compositing.poisson_blend import settle\n"
        "canvas = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)\n"
        "picture = Image.frombytes('RGBA', (201, 150), sys.stdin.buffer.read())\n"
        "print(hashlib.sha256(settle(canvas, picture, (40, 60)).tobytes()).hexdigest())\n"
    )
    picture = thing((201, 150), (30, 160, 90), seed=2)
    there = subprocess.run(
        [sys.executable, "-c", asked],
        input=picture.tobytes(),
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        capture_output=True,
        check=True,
    )
    canvas = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    here = hashlib.sha256(settle(canvas, picture, (40, 60)).tobytes()).hexdigest()
    assert there.stdout.decode().strip() == here


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((1, 1, 8, 8), True),
        ((55, 39, 8, 8), True),
        ((0, 1, 8, 8), False),
        ((1, 0, 8, 8), False),
        ((56, 39, 8, 8), False),
        ((55, 40, 8, 8), False),
        ((-3, 5, 20, 20), False),
        ((20, 20, 7, 30), False),
        ((20, 10, 30, 7), False),
    ],
)
def test_what_touches_an_edge_or_is_small_stays(box: Box, expected: bool) -> None:
    picture = Image.new("RGBA", box[2:], (1, 2, 3, SOLID))
    assert can_settle(picture, box, (64, 48)) is expected


def test_glass_stays() -> None:
    picture = Image.new("RGBA", (20, 20), (1, 2, 3, SOLID - 1))
    assert not can_settle(picture, (5, 5, 20, 20), (64, 48))
