"""Loops that a build cannot do without, on data held in memory, in processes that stay.

`floor_loop` is the codec floor: composites encoded with Pillow (JPEG of quality 90, mask as PNG
of level 1), the JPEG decoded once, and written to one file. `forward_loop` is a network alone.
"""

import io
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from speed_material import Material

from pipeline.machine.allocator import keep_freed_memory

_HELD: dict[str, Any] = {}
"""What a process of a crew holds."""

BATCH = 16

Composites = list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]


def hold_composites(material: Material, count: int) -> None:
    """Draw composites into this process's memory."""
    renderer = material.renderer()
    samples = [
        renderer.composite(renderer.plan.scene("train", position)) for position in range(count)
    ]
    _HELD["composites"] = [(sample.image, sample.mask) for sample in samples]


def floor_loop(times: int) -> int:
    """Encode, decode and write the composites so often; how many samples that were."""
    composites: Composites = _HELD["composites"]
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            for image, mask in composites:
                jpeg, png = io.BytesIO(), io.BytesIO()
                Image.fromarray(image).save(jpeg, "JPEG", quality=90)
                np.asarray(Image.open(io.BytesIO(jpeg.getvalue())))
                Image.fromarray(mask).save(png, "PNG", compress_level=1)
                file.write(jpeg.getvalue())
                file.write(png.getvalue())
    return times * len(composites)


def hold_network(material: Material) -> None:
    """Load the built-in teacher and one batch as its network sees it.

    The allocator keeps what is freed, as in a build: without that a pass takes half as long again.
    """
    import torch

    from pipeline.depth.teachers.seam import see
    from pipeline.depth.teachers.table import load_teacher

    keep_freed_memory()
    torch.set_num_threads(1)
    hold_composites(material, BATCH)
    teacher = load_teacher("densedepth-lite", canvas=len(_HELD["composites"][0][0]))
    pictures = torch.from_numpy(np.stack([image for image, _ in _HELD["composites"]]))
    _HELD["seen"] = see(pictures.permute(0, 3, 1, 2), teacher.view)  # (B, 3, h, w)
    _HELD["forward"] = teacher._forward


def forward_loop(times: int) -> int:
    """Send the batch through the network so often; how many pictures that were."""
    import torch

    with torch.inference_mode():
        for _ in range(times):
            _HELD["forward"](_HELD["seen"])
    return times * len(_HELD["seen"])


class Crew:
    """Processes that hold something, and do a loop all at once when they are asked."""

    def __init__(self, count: int, hold: Callable[..., None], *arguments: Any) -> None:
        self._pools = [
            ProcessPoolExecutor(1, get_context("spawn"), hold, arguments) for _ in range(count)
        ]
        for ready in [pool.submit(os.getpid) for pool in self._pools]:
            ready.result()

    def rate(self, loop: Callable[[int], int], times: int) -> float:
        """What all processes together do in a second."""
        begin = time.perf_counter()
        done = sum(f.result() for f in [pool.submit(loop, times) for pool in self._pools])
        return done / (time.perf_counter() - begin)

    def close(self) -> None:
        """End the processes."""
        for pool in self._pools:
            pool.shutdown()
