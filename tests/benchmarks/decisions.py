"""What small decisions save: each chosen way beside the one it was chosen over.

    python tests/benchmarks/decisions.py [--rounds 200]

Runs on one thread on a drawn composite of 224 pixels, its mask, and its map by the built-in
teacher (12-bit codes, 112 x 112). Prints the fastest of the rounds, in microseconds, and bytes
where they differ: the ways take turns, so a busy machine slows all of them.
"""

import argparse
import io
import time
import zlib
from collections.abc import Callable

import deflate
import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from depthmask.drawing.cutouts.cars import draw_car
from depthmask.drawing.scenes import draw_scene
from depthmask.models.layers import window_means
from pipeline.compositing.composite import compose
from pipeline.compositing.foreground import Foreground, prepare_foreground, scale_foreground
from pipeline.compositing.placed_object import upright
from pipeline.depth.teachers.table import load_teacher
from pipeline.planning.philox import philox
from shards.pixels.codecs import decode_jpeg, encode_jpeg, encode_png

SIDE = 224
Way = Callable[[], object]


def encode_by_pillow(pixels: np.ndarray, kind: str, **settings: int) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **settings)
    return stream.getvalue()


def deflate_runs(rows: bytes) -> bytes:
    stream = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, 9, zlib.Z_RLE)
    return stream.compress(rows) + stream.flush()


def numpy_block() -> np.ndarray:
    generator = np.random.Generator(np.random.Philox(key=[7, 1], counter=[1, 9, 0, 0]))
    return generator.random(4)


def fastest(ways: dict[str, Way], rounds: int) -> dict[str, float]:
    """The least seconds of each way, all taking turns."""
    least = dict.fromkeys(ways, np.inf)
    for _ in range(rounds):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            least[name] = min(least[name], time.perf_counter() - begin)
    return least


def all_ways() -> dict[str, dict[str, Way]]:
    """The ways to be compared, by decision."""
    rng = np.random.default_rng(4)
    car = Image.fromarray(draw_car(rng, length=667))
    view = draw_scene(rng, height=SIDE, width=SIDE, style="street")
    scene = np.rint(view.colour * 255).astype(np.uint8)
    box = (40, 90, 125, 125 * car.height // car.width)
    reduced = prepare_foreground(car, SIDE, 0.72)
    whole = Foreground(car.convert("RGBa"), car.size)

    def placed(foreground: Foreground) -> tuple[np.ndarray, np.ndarray]:
        return compose(scene, [upright(scale_foreground(foreground, box[2:]), box)])

    image, mask = placed(reduced)
    depth = load_teacher("densedepth-lite", canvas=SIDE).predict(image[None])[0]
    codes = np.rint(depth * 4095).astype(np.uint16)
    maps = torch.from_numpy(rng.random((16, 4, 128, 128), np.float32))
    jpeg, rows = encode_jpeg(image, 90), mask.tobytes()
    sizes = len(deflate_runs(rows)), len(zlib.compress(rows, 1))
    print(f"mask: {sizes[0]} bytes in runs, {sizes[1]} by zlib at level 1")
    return {
        "mask, deflated": {
            "zlib, runs": lambda: deflate_runs(rows),
            "zlib, level 1": lambda: zlib.compress(rows, 1),
            "libdeflate, level 1": lambda: deflate.zlib_compress(rows, 1),
        },
        "depth codes as PNG": {
            "ours": lambda: encode_png(codes, "up"),
            "Pillow, level 1": lambda: encode_by_pillow(codes, "PNG", compress_level=1),
        },
        "a placement": {
            "from the reduced foreground": lambda: placed(reduced),
            f"from {car.width} pixels": lambda: placed(whole),
        },
        "four draws": {
            "ours": lambda: philox((1, 9, 0, 0), (7, 1)),
            "numpy's generator": numpy_block,
        },
        "JPEG, decoded": {
            "simplejpeg": lambda: decode_jpeg(jpeg),
            "Pillow": lambda: np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB")),
        },
        "JPEG, encoded": {
            "simplejpeg": lambda: encode_jpeg(image, 90),
            "Pillow": lambda: encode_by_pillow(image, "JPEG", quality=90),
        },
        "means over 5 x 5 of 16 x 4 x 128 x 128": {
            "sums of shifted maps": lambda: window_means(maps, 5),
            "torch's pooling, down and across": lambda: F.avg_pool2d(
                F.avg_pool2d(maps, (5, 1), 1, (2, 0)), (1, 5), 1, (0, 2)
            ),
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    for decision, ways in all_ways().items():
        found = ", ".join(f"{name} {1e6 * s:,.0f}" for name, s in fastest(ways, rounds).items())
        print(f"{decision}: {found} us")
