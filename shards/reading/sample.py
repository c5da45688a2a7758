"""One sample of a data set: every field decoded when it is asked for.

| field         | what                                   | stored as                     |
|---------------|----------------------------------------|-------------------------------|
| `image.jpg`   | the composite (H, W, 3)                | uint8                         |
| `mask.png`    | the objects' alpha together (H, W)     | uint8 0..255, soft            |
| `depth.png16` | the depth target (h, w), native size   | uint16 codes 0..2^bits-1      |
| `depth.jpg`   | the same with `--depth-format jpeg8`   | uint8 codes                   |
| `instances.png` | which object owns each pixel (H, W)  | uint8, only of many objects   |
| `json`        | what was drawn, and measures of objects| JSON                          |
| `background.jpg` | the clean background (H, W, 3)      | uint8, shards of its own, or inline |
"""

import dataclasses
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shards.base.canonical_json import decode_json
from shards.base.checks import listing, one_of, table, text, whole
from shards.base.errors import InputError, RunError
from shards.base.keys import SPLITS, sample_key
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.pixels.fields import DECODERS
from shards.reading.carried import CarriedFields
from shards.reading.sample_object import MOST_OBJECTS, SampleObject, check_objects

_name = text(".*", "text")

_check_facts = table(
    {
        "split": one_of(*SPLITS),
        "position": whole(0, 10**9),
        "background": _name,
        "crop": listing(whole(0, 10**7), 4, 4),
        "background_flip": one_of(True, False),
        "place": one_of("anywhere", "ground"),
        "omitted": whole(0, MOST_OBJECTS),
        "distractors": listing(table({"source": _name})),
        "objects": check_objects,
    },
    {"name": _name},
)


class Backgrounds(Hashable, Protocol):
    """Where samples find the background that they share with others, by its source's name."""

    def background(self, name: str) -> NDArray[np.uint8]:
        """The pixels, uint8 (H, W, 3): one array for all who ask, so nobody may write to it."""

    def background_bytes(self, name: str) -> bytes:
        """The JPEG."""


@dataclasses.dataclass(frozen=True)
class Sample:
    """One sample; `get` fetches the bytes of a field, `backgrounds` what it shares with others.

    Where that is None, `get` has `background.jpg`. Arrays are made when they are first asked for,
    and belong to the sample: who writes to them changes no other sample. A sample can be pickled;
    it takes its bytes along, and its arrays as they are by then.
    """

    split: str
    position: int
    size: Size
    coding: DepthCoding | None
    fields: tuple[str, ...]
    get: Callable[[str], bytes] = dataclasses.field(repr=False)
    backgrounds: Backgrounds | None = dataclasses.field(default=None, repr=False)

    @property
    def key(self) -> str:
        """The sample's name within the data set: "train-000000012"."""
        return sample_key(self.split, self.position)

    @cached_property
    def info(self) -> dict[str, Any]:
        """The sample's facts, those of its objects among them (docs/data-format.md)."""
        try:
            facts = decode_json(self.get("json"))
            _check_facts(facts, "")
            return facts
        except ValueError as error:
            raise self._damaged("json", error) from None

    @cached_property
    def image(self) -> NDArray[np.uint8]:
        """The composite, uint8 (H, W, 3)."""
        return self._pixels("image.jpg", self.size)

    @cached_property
    def mask(self) -> NDArray[np.uint8]:
        """The alpha of all objects together as they are placed, uint8 (H, W), 0..255."""
        return self._pixels("mask.png", self.size)

    @cached_property
    def background(self) -> NDArray[np.uint8]:
        """The clean background, uint8 (H, W, 3)."""
        if self.backgrounds is None:
            return self._pixels("background.jpg", self.size)
        return self.shared_background.copy()

    @cached_property
    def objects(self) -> tuple[SampleObject, ...]:
        """The sample's objects, in the order that they were drawn; none in a negative sample."""
        return tuple(SampleObject.from_json(each) for each in self.info["objects"])

    @cached_property
    def instances(self) -> NDArray[np.uint8]:
        """Whose pixel each is, uint8 (H, W): 0 nobody's, i that of `objects[i - 1]`.

        Of several objects at a pixel the one painted last. Where a data set has one object a
        sample at most, this is not stored: it is 1 on the most opaque pixels of the mask, as many
        as the object has. They cannot be told by a level alone: that of glass follows from its
        most opaque pixel, which may lie beyond the picture's edge.
        """
        if "instances.png" in self.fields:
            return self._pixels("instances.png", self.size)
        own = min(sum(each.area for each in self.objects), self.mask.size)
        if not own:
            return np.zeros_like(self.mask)
        level = np.partition(self.mask, -own, axis=None)[-own]
        whose: NDArray[np.uint8] = (self.mask >= max(level, 1)).astype(np.uint8)
        return whose

    @property
    def background_name(self) -> str:
        """The name of the background's source."""
        return str(self.info.get("background"))

    @property
    def shared_background(self) -> NDArray[np.uint8]:
        """The clean background, read-only: the same array for all samples of a set that show it.

        Where a set has backgrounds in each sample, it is that of this sample alone.
        """
        if self.backgrounds is None:
            return self.background
        return self.backgrounds.background(self.background_name)

    @cached_property
    def depth_codes(self) -> NDArray[Any]:
        """The stored depth codes, uint16 (or uint8 with jpeg8), (h, w) at the stored size."""
        coding = self._coding()
        field = "depth.png16" if "depth.png16" in self.fields else "depth.jpg"
        codes = self._pixels(field, coding.size)
        if codes.max() > coding.largest:
            found = ValueError(f"a code of {codes.max()}, over {coding.largest}")
            raise self._damaged(field, found)
        return codes

    @cached_property
    def depth_unit(self) -> NDArray[np.float32]:
        """Depth as a fraction of the code range, float32 (H, W) in [0, 1]."""
        return self._coding().fractions(self.depth_codes, self.size)

    @cached_property
    def depth(self) -> NDArray[np.float32]:
        """Depth values in the data set's kind and unit, float32 (H, W)."""
        return self._coding().values(self.depth_codes, self.size)

    def __getstate__(self) -> dict[str, Any]:
        carried = CarriedFields({*self.fields, "background.jpg"}, self._stored)
        return self.__dict__ | {"get": carried, "backgrounds": None}

    def _stored(self, field: str) -> bytes:
        if field == "background.jpg" and self.backgrounds is not None:
            return self.backgrounds.background_bytes(self.background_name)
        return self.get(field)

    def _pixels(self, field: str, size: Size) -> NDArray[Any]:
        data = self.get(field)
        try:
            return DECODERS[field](data, size)
        except ValueError as error:
            raise self._damaged(field, error) from None

    def _damaged(self, field: str, error: ValueError) -> RunError:
        return RunError(
            f"{self.key}.{field}",
            expected="what the build wrote",
            found=str(error),
            remedy="see `depthmask verify --deep`; --repair makes damaged shards again",
        )

    def _coding(self) -> DepthCoding:
        if self.coding is None:
            raise InputError(
                self.key,
                expected="a data set with depth",
                found="one built with --depth-model none",
                remedy="build it again with a depth model",
            )
        return self.coding
