"""What depth codes mean: one kind, one unit and one scale over the whole data set."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from shards.base.size import Size

Kind = Literal["metric", "inverse"]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class DepthCoding:
    """Integer codes 0..2^bits-1 for depth values: value = offset + scale * code.

    `kind` says whether a value is a distance ("metric") or grows as things come nearer
    ("inverse"); `size` is the (width, height) of a stored map.
    """

    kind: Kind
    unit: str
    bits: int
    size: Size
    scale: float
    offset: float

    @classmethod
    def over_range(
        cls, low: float, high: float, *, kind: Kind, unit: str, bits: int, size: Size
    ) -> "DepthCoding":
        """The coding whose codes span [low, high] evenly."""
        scale = (high - low) / (2**bits - 1)
        return cls(kind=kind, unit=unit, bits=bits, size=size, scale=scale, offset=low)

    @classmethod
    def from_json(cls, entry: Mapping[str, Any]) -> "DepthCoding":
        """The inverse of `to_json`."""
        width, height = entry["size"]
        return cls(**{**entry, "size": (width, height)})

    @property
    def largest(self) -> int:
        """The largest code, 2^bits - 1."""
        return (1 << self.bits) - 1

    def codes(self, values: NDArray[np.float32]) -> tuple[NDArray[np.uint16], int]:
        """Codes uint16 of float32 values, and how many values lay outside and were clipped."""
        scaled = np.rint((values - np.float32(self.offset)) / np.float32(self.scale))
        clipped = np.clip(scaled, 0, self.largest)
        return clipped.astype(np.uint16), int(np.count_nonzero(clipped != scaled))

    def fit(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """A teacher's map of any height and width as it is stored, float32 (h, w)."""
        return _resized(values, self.size)

    def fractions(self, codes: NDArray[Any], size: Size) -> NDArray[np.float32]:
        """code / (2^bits - 1) in [0, 1], float32 (H, W) of a `size` (W, H).

        Bilinear, half-pixel centres.
        """
        return _resized(codes.astype(np.float32) / np.float32(self.largest), size)

    def values(self, codes: NDArray[Any], size: Size) -> NDArray[np.float32]:
        """Depth in `unit`, float32 (H, W) of a `size` (W, H)."""
        span = np.float32(self.scale * self.largest)
        return np.float32(self.offset) + span * self.fractions(codes, size)

    def to_json(self) -> dict[str, Any]:
        """The `depth` entry of plan.json."""
        return dataclasses.asdict(self) | {"size": list(self.size)}


def _resized(values: NDArray[np.float32], size: Size) -> NDArray[np.float32]:
    """A map (h, w) at `size` (width, height)."""
    if values.shape == size[::-1]:
        return values
    picture = Image.fromarray(values).resize(size, Image.Resampling.BILINEAR)
    return np.array(picture)  # Pillow's own memory is read-only
