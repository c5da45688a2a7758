"""Reading against the codecs alone and against other loaders; depth encoding against Pillow."""

import io
import itertools
import time
from collections.abc import Iterator

from PIL import Image
from reading_loops import (
    at_random,
    bare,
    importable,
    of_litdata,
    of_mosaic,
    of_webdataset,
    ours,
)
from speed_material import Material
from speed_row import Pair

from shards.pixels.codecs import decode_png, encode_png

_COUNT = 1000
PEERS = {
    "webdataset": ("webdataset", of_webdataset),
    "litdata": ("litdata", of_litdata),
    "mosaic": ("streaming", of_mosaic),
}


def bare_loop(material: Material) -> Iterator[dict[str, Pair]]:
    """Both stores against the codecs on bytes in memory, one process."""
    base = bare(*material.raw_samples(_COUNT))
    readers = {format: ours(material.read_set(format), _COUNT) for format in ("tar", "lmdb")}
    while True:
        yield {f"read-{format}": (reader(), base()) for format, reader in readers.items()}


def of_peer(name: str, material: Material) -> Iterator[dict[str, Pair]]:
    """Tar shards against another loader."""
    module, loader = PEERS[name]
    if not importable(module):
        raise ModuleNotFoundError(f"{module} is not installed here")
    theirs = loader(material, material.raw_samples(_COUNT)[0])
    mine = ours(material.read_set("tar"), _COUNT)
    while True:
        yield {f"read-{name}": (mine(), theirs())}


def random_access(material: Material) -> Iterator[dict[str, Pair]]:
    """10,000 samples drawn from 100,000 against 10,000 in order."""
    folder = material.large_set()
    for seed in itertools.count():
        drawn, in_order = at_random(folder, 10_000, seed)
        yield {"random-access": (drawn(), in_order())}


def depth_encoding(material: Material) -> Iterator[dict[str, Pair]]:
    """Microseconds and bytes of a depth map, ours and Pillow's at level 1."""
    samples, _ = material.raw_samples(400)
    maps = [decode_png(sample["depth.png16"]) for sample in samples]

    def pillow() -> list[bytes]:
        encoded = []
        for codes in maps:
            buffer = io.BytesIO()
            Image.fromarray(codes).save(buffer, "PNG", compress_level=1)
            encoded.append(buffer.getvalue())
        return encoded

    while True:
        begin = time.perf_counter()
        mine = [encode_png(codes, "up") for codes in maps]
        middle = time.perf_counter()
        theirs = pillow()
        end = time.perf_counter()
        yield {
            "depth-time": ((middle - begin) / 400e-6, (end - middle) / 400e-6),
            "depth-size": (sum(map(len, mine)) / 400, sum(map(len, theirs)) / 400),
        }
