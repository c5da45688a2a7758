"""What scenes cost beside the codec floor, in processor time of one process.

    python tests/benchmarks/scene_costs.py --fg FOLDER --bg FOLDER [--rounds 12]

Samples of 224 pixels without depth are drawn, encoded and summed, as a build does but for the file;
the floor is Pillow's JPEG of quality 90, decoded once, and PNG of level 1 (codec_floor.py). All
take turns, 40 samples a round, so a busy machine slows all of them. Prints the fastest round and
the median, in microseconds a sample.
"""

import argparse
import io
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from pipeline.planning.options import BuildOptions
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.renderer import Renderer
from pipeline.rendering.site import site_of
from pipeline.rendering.watcher import SilentWatcher
from shards.pixels.codecs import decode_jpeg
from shards.pixels.moments import moments_of_bytes
from shards.writing.encoding import Encoding, RawSample, encode_sample

SCENES: dict[str, dict[str, object]] = {
    "defaults": {},
    "3 objects": {"objects": (3, 3)},
    "3 objects, turned": {"objects": (3, 3), "rotate": 30},
    "3 objects, turned, soft": {"objects": (3, 3), "rotate": 30, "blend": "soft"},
}
_WARM, _ROUND = 400, 40


def renderer_of(fg: Path, bg: Path, scene: dict[str, object]) -> Renderer:
    options = BuildOptions(fg=fg, bg=bg, out=Path("none"), depth_model="none", **scene)  # type: ignore[arg-type]
    plan, _ = plan_build(options, SilentWatcher())
    return Renderer(plan, site_of(options))


def make(renderer: Renderer, first: int) -> None:
    encoding = Encoding.of(renderer.plan.options)
    for sample in renderer.samples("train", range(first, first + _ROUND)):
        fields = encode_sample(sample, encoding)
        moments_of_bytes(decode_jpeg(fields["image.jpg"]))
        moments_of_bytes(sample.mask)


def floor(samples: list[RawSample]) -> None:
    for sample in samples:
        jpeg, png = io.BytesIO(), io.BytesIO()
        Image.fromarray(sample.image).save(jpeg, "JPEG", quality=90)
        np.asarray(Image.open(io.BytesIO(jpeg.getvalue())))
        Image.fromarray(sample.mask).save(png, "PNG", compress_level=1)


def clock(work: Callable[[], None]) -> float:
    begin = time.process_time()
    work()
    return (time.process_time() - begin) / _ROUND * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fg", type=Path, required=True)
    parser.add_argument("--bg", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=12)
    arguments = parser.parse_args()
    renderers = {
        name: renderer_of(arguments.fg, arguments.bg, scene) for name, scene in SCENES.items()
    }
    held = {}
    for name, renderer in renderers.items():
        warmed = list(renderer.samples("train", range(_WARM)))
        held[name] = warmed[-_ROUND:]
    taken: dict[str, list[float]] = {}
    for turn in range(arguments.rounds):
        first = _WARM + turn * _ROUND
        for name, renderer in renderers.items():
            taken.setdefault(name, []).append(clock(partial(make, renderer, first)))
            taken.setdefault(f"{name}: floor", []).append(clock(partial(floor, held[name])))
    for name, each in taken.items():
        print(f"{name:36} {min(each):7.0f} {np.median(each):7.0f}")


if __name__ == "__main__":
    main()
