"""A sample before it is stored, and how it becomes bytes."""

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from shards.base.canonical_json import encode_json
from shards.base.formats import Format
from shards.pixels.codecs import decode_jpeg, encode_jpeg, encode_png
from shards.pixels.moments import Moments, moments_of_bytes
from shards.records.layout import carries_background

DepthFormat = Literal["png16", "jpeg8"]

_JPEG8_QUALITY = 90


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """How samples become bytes."""

    format: Format
    image_quality: int
    depth_format: DepthFormat
    carries_background: bool = False

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """How the samples of a plan with these options become bytes."""
        return cls(
            format=options["format"],
            image_quality=options["image_quality"],
            depth_format=options["depth_format"],
            carries_background=carries_background(options),
        )


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class RawSample:
    """A sample before it is encoded: image uint8 (H, W, 3), mask uint8 (H, W), and its facts.

    `instances` uint8 (H, W): 0, or 1 + the index of the object that owns the pixel; None where a
    data set does not keep them.
    """

    position: int
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    instances: NDArray[np.uint8] | None
    depth_codes: NDArray[np.uint16] | None
    clipped: int
    background: "StoredBackground"
    info: dict[str, Any]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class StoredBackground:
    """A background as it is stored, and the moments of its decoded pixels."""

    data: bytes
    moments: Moments


def store_background(pixels: NDArray[np.uint8], quality: int) -> StoredBackground:
    """Encode a background (H, W, 3) once; its moments are those of what a reader decodes."""
    data = encode_jpeg(pixels, quality)
    return StoredBackground(data=data, moments=moments_of_bytes(decode_jpeg(data)))


def encode_sample(sample: RawSample, encoding: Encoding) -> dict[str, bytes]:
    """The bytes of a sample by field."""
    fields = {
        "image.jpg": encode_jpeg(sample.image, encoding.image_quality),
        "mask.png": encode_png(sample.mask, "none"),
        "json": encode_json(sample.info),
    }
    if sample.depth_codes is not None and encoding.depth_format == "png16":
        fields["depth.png16"] = encode_png(sample.depth_codes, "up")
    elif sample.depth_codes is not None:
        fields["depth.jpg"] = encode_jpeg(sample.depth_codes.astype(np.uint8), _JPEG8_QUALITY)
    if sample.instances is not None:
        fields["instances.png"] = encode_png(sample.instances, "none")
    if encoding.carries_background:
        fields["background.jpg"] = sample.background.data
    return fields
