"""pipeline/sources/decontaminate.py: soft edges get the object's own colour"""

import importlib.util
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from pipeline.sources import decontaminate as module
from pipeline.sources.decontaminate import decontaminate, require_pymatting
from shards.base.errors import InputError

needs_pymatting = pytest.mark.skipif(
    importlib.util.find_spec("pymatting") is None, reason="needs the extra decontaminate"
)

OBJECT, GROUND = np.array([200, 40, 30]), np.array([20, 160, 60])


def soft_disc(side: int) -> NDArray[np.uint8]:
    """Alpha of a disc whose edge is soft over an eighth of the side."""
    down, across = np.indices((side, side)) - (side - 1) / 2
    distance = np.hypot(down, across)
    alpha = np.clip((side * 0.4 - distance) / (side / 8) + 0.5, 0, 1)
    return np.rint(alpha * 255).astype(np.uint8)


def photographed(alpha: NDArray[np.uint8]) -> Image.Image:
    """A thing of colour OBJECT before GROUND, with its alpha: "RGBA"."""
    share = alpha[..., None] / 255
    colours = np.rint(share * OBJECT + (1 - share) * GROUND).astype(np.uint8)
    return Image.fromarray(np.dstack([colours, alpha]))


@needs_pymatting
@pytest.mark.parametrize("limit", [4_000_000, 1000])
def test_a_soft_edge_has_the_objects_colour_and_not_the_grounds(
    limit: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_PIXELS", limit)
    picture = photographed(soft_disc(96))
    before = np.asarray(picture).astype(int)
    after = np.asarray(decontaminate(picture)).astype(int)
    soft = (before[..., 3] >= 32) & (before[..., 3] < 255)
    assert np.abs(before[soft, :3] - OBJECT).mean() > 40
    assert np.abs(after[soft, :3] - OBJECT).mean() < 8


@needs_pymatting
@given(st.integers(0, 2**32 - 1), st.integers(1, 12), st.integers(1, 12))
def test_alpha_and_all_pixels_that_are_not_soft_stay(seed: int, width: int, height: int) -> None:
    rng = np.random.default_rng(seed)
    before = rng.integers(0, 256, (height, width, 4), np.uint8)
    before[..., 3] = rng.choice([0, 0, 255, 255, 1, 128, 254], (height, width))
    after = np.asarray(decontaminate(Image.fromarray(before)))
    kept = np.isin(before[..., 3], (0, 255))
    assert np.array_equal(after[..., 3], before[..., 3])
    assert np.array_equal(after[kept], before[kept])


def test_glass_stays_as_it_is() -> None:
    picture = photographed(np.minimum(soft_disc(48), 229))
    assert decontaminate(picture) is picture


def test_a_picture_of_one_pixel_stays_as_it_is() -> None:
    picture = Image.new("RGBA", (1, 1), (9, 8, 7, 250))
    assert decontaminate(picture) is picture


@needs_pymatting
def test_threads_that_ask_at_once_get_what_one_gets_alone() -> None:
    pictures = [photographed(soft_disc(side)) for side in range(40, 56)]
    alone = [decontaminate(picture).tobytes() for picture in pictures]
    with ThreadPoolExecutor(8) as pool:
        found = [picture.tobytes() for picture in pool.map(decontaminate, pictures)]
    assert found == alone


@needs_pymatting
@pytest.mark.parametrize("threads", [1, 3])
def test_colours_do_not_depend_on_the_number_of_threads(threads: int) -> None:
    """numba fixes it when it is first imported, so each number takes a process of its own."""
    asked = (
        "import sys\n"
        "from PIL import Image\n"
        "from pipeline.sources.decontaminate import decontaminate\n"
        "picture = Image.frombytes('RGBA', (96, 96), sys.stdin.buffer.read())\n"
        "sys.stdout.buffer.write(decontaminate(picture).tobytes())\n"
    )
    picture = photographed(soft_disc(96))
    there = subprocess.run(
        [sys.executable, "-c", asked],
        input=picture.tobytes(),
        env=os.environ | {"NUMBA_NUM_THREADS": str(threads)},
        capture_output=True,
        check=True,
    )
    assert there.stdout == decontaminate(picture).tobytes()


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'depthmask\[decontaminate\]'"):
        require_pymatting()


class Stopped(BaseException):
    """What the handler of a signal raises."""


@needs_pymatting
def test_a_signal_stops_it_with_what_its_handler_raised() -> None:
    pixels = np.full((200, 200, 4), 200, np.uint8)
    pixels[:60, :, 3] = 120
    picture = Image.fromarray(pixels)
    decontaminate(picture)  # numba is loaded
    begun = time.perf_counter()
    decontaminate(picture)
    spent = time.perf_counter() - begun

    def stop(*_: object) -> None:
        raise Stopped

    before = signal.signal(signal.SIGALRM, stop)
    stops = 0
    try:
        for share in np.linspace(0.02, 0.98, 40):
            try:
                signal.setitimer(signal.ITIMER_REAL, share * spent)
                decontaminate(picture)
                signal.setitimer(signal.ITIMER_REAL, 0)
            except Stopped:
                stops += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert stops
