"""Samples made in memory: of any shape, with none to three objects, with backgrounds of their own
or shared ones.
"""

from typing import Any

import numpy as np
from labelled_samples import object_entry
from numpy.typing import NDArray

from shards.base.canonical_json import encode_json
from shards.pixels.codecs import decode_jpeg, encode_jpeg, encode_png
from shards.pixels.depth_coding import DepthCoding
from shards.reading.sample import Sample

BACKGROUNDS = 4
_MOMENTS = {"mean": [0.5] * 3, "std": [0.25] * 3}


class MadeSamples:
    """`count` composites of `size` (width, height); sample p holds p % 4 boxes, sample 0 none.

    Depth is metric, 0 to 1, at the pictures' size. `own` backgrounds are in each sample, as a set
    has them whose backgrounds are cropped or mirrored; others are read by name.
    """

    def __init__(
        self, size: tuple[int, int], count: int = 12, *, own: bool = False, objects: bool = True
    ) -> None:
        self.size, self._count, self._own, self._objects = size, count, own, objects
        moments = {"image": _MOMENTS, "background": _MOMENTS}
        self.stats: dict[str, Any] = {"splits": {"train": moments}}
        self.depth = DepthCoding.over_range(0.0, 1.0, kind="metric", unit="m", bits=12, size=size)

    def split(self, name: str) -> "MadeSamples":
        return self

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> Sample:
        instances = self._instances(index)
        behind = self.background_bytes(f"{index % BACKGROUNDS}.png")
        image = decode_jpeg(behind).copy()
        for number in range(1, int(instances.max(initial=0)) + 1):
            image[instances == number] = (40 * number, 250 - 60 * number, 30)
        codes = np.linspace(400, 2000, self.size[0])[None].repeat(self.size[1], 0)
        codes[instances > 0] = 3000
        mask = np.where(instances > 0, np.uint8(255), np.uint8(0))
        fields = {
            "image.jpg": encode_jpeg(image, 90),
            "mask.png": encode_png(mask, "none"),
            "instances.png": encode_png(instances, "none"),
            "depth.png16": encode_png(codes.astype(np.uint16), "up"),
            "json": encode_json(self._facts(index, instances)),
        }
        if self._own:
            fields["background.jpg"] = behind
        return Sample(
            split="train",
            position=index,
            size=self.size,
            coding=self.depth,
            fields=tuple(fields),
            get=fields.__getitem__,
            backgrounds=None if self._own else self,
        )

    def background(self, name: str) -> NDArray[np.uint8]:
        return decode_jpeg(self.background_bytes(name))

    def background_bytes(self, name: str) -> bytes:
        noise = np.random.default_rng(int(name.partition(".")[0]))
        width, height = self.size
        rows = noise.integers(60, 200, (1 + height // 8, 1 + width // 8, 3), dtype=np.uint8)
        pixels = rows.repeat(8, 0).repeat(8, 1)[:height, :width]
        return encode_jpeg(np.ascontiguousarray(pixels), 90)

    def _instances(self, index: int) -> NDArray[np.uint8]:
        width, height = self.size
        instances = np.zeros((height, width), np.uint8)
        for number in range(1, 1 + index % 4 if self._objects else 1):
            left, top = (number - 1) * width // 4 + index % 3, height // (number + 2)
            instances[top : top + height // 3, left : left + width // 3] = number
        return instances

    def _facts(self, index: int, instances: NDArray[np.uint8]) -> dict[str, Any]:
        return {
            "split": "train",
            "position": index,
            "background": f"{index % BACKGROUNDS}.png",
            "crop": [0, 0, *self.size],
            "background_flip": False,
            "place": "anywhere",
            "horizon": None,
            "omitted": 0,
            "camera": None,
            "distractors": [],
            "objects": [
                object_entry(instances, number)
                for number in range(1, int(instances.max(initial=0)) + 1)
            ],
        }
