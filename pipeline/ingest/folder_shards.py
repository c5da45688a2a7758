"""Shards made of ready composites: pictures to fields, and every sample compared."""

import dataclasses
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.ingest.folder_samples import Composite
from pipeline.ingest.masks import MaskReading
from pipeline.ingest.taken_over import taken_over_facts
from pipeline.planning.plan import ShardTask
from pipeline.sources.decode import UnusablePictureError, read_picture
from pipeline.sources.formats.profiles import is_srgb, profile_of
from pipeline.sources.headers import FORMATS, read_header
from pipeline.sources.source import Source
from pipeline.sources.source_bytes import read_source
from shards.base.canonical_json import encode_json
from shards.base.errors import RunError
from shards.base.formats import Format
from shards.base.keys import keys_from
from shards.base.retrying import is_passing
from shards.base.size import Size, size_words
from shards.pixels.codecs import decode_jpeg, encode_jpeg, encode_png
from shards.pixels.depth_coding import DepthCoding
from shards.pixels.moments import moments_of_bytes
from shards.records.manifest import Record
from shards.stores.table import open_shard
from shards.writing.encoding import Encoding
from shards.writing.shard_writer import ShardWriter, payload_bound

_ORIENTATION = 0x0112


@dataclasses.dataclass(frozen=True, slots=True)
class Arrival:
    """A composite on its way into a data set: its folder, and its background's source name."""

    composite: Composite
    folder: str
    background: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Intake:
    """Makes the shards of one data set from pictures below `root`; picklable."""

    root: Path
    out: Path
    build: str
    format: Format
    size: Size
    image_quality: int
    depth: DepthCoding | None
    masks: MaskReading

    def take(self, task: ShardTask, items: Sequence[Arrival | Source]) -> Record:
        """Make a shard of samples, or of backgrounds, with its record.

        Every picture is read and encoded a second time, and compared with what was written.
        """
        encoding = Encoding(
            format=self.format,
            image_quality=self.image_quality,
            depth_format="png16",
        )
        with ShardWriter(
            self.out,
            task.name,
            split=task.split,
            build=self.build,
            encoding=encoding,
            capacity=payload_bound(task.split, task.samples, self.size),
        ) as writer:
            for position, item in enumerate(items, task.first):
                name = item.name if isinstance(item, Source) else item.background
                background = moments_of_bytes(decode_jpeg(self._jpeg(self.root / name)))
                writer.add_encoded(position, self._fields(task.split, position, item), background)
            return writer.commit(lambda path: self._compare(path, task, items))

    def _compare(self, path: Path, task: ShardTask, items: Sequence[Arrival | Source]) -> None:
        keys = keys_from(task.split, task.first)
        shard = open_shard(self.format, path, keys, task.samples)
        try:
            for row, item in enumerate(items):
                for field, data in self._fields(task.split, task.first + row, item).items():
                    if shard.get(row, field) != data:
                        raise RunError(
                            f"{task.name}, {keys(row)}.{field}",
                            expected="what was read from the folders",
                            found="other bytes",
                            remedy="do not change the pictures meanwhile; the same command resumes",
                        )
        finally:
            shard.close()

    def _fields(self, split: str, position: int, item: Arrival | Source) -> dict[str, bytes]:
        if isinstance(item, Source):
            info = {"name": item.name, "sha256": item.sha256}
            return {"background.jpg": self._jpeg(self.root / item.name), "json": encode_json(info)}
        image, _, mask, *depth = item.composite.paths(self.root / item.folder)
        alpha = self._mask(mask)
        facts = taken_over_facts(item.composite.name, item.background, alpha)
        fields = {
            "image.jpg": self._jpeg(image),
            "mask.png": encode_png(alpha, "none"),
            "json": encode_json(facts | {"split": split, "position": position}),
        }
        if self.depth is not None:
            fields["depth.png16"] = encode_png(_depth_codes(depth[0], self.depth), "up")
        return fields

    def _jpeg(self, path: Path) -> bytes:
        """A picture's own bytes if they are a colour JPEG that readers decode, else encoded."""
        data = _read(path)
        picture = self._decoded(path)
        with Image.open(io.BytesIO(data)) as header:
            plain = header.format == "JPEG" and header.mode == "RGB"
            turned = header.getexif().get(_ORIENTATION, 1) != 1
            profile = profile_of(header)
            plain &= profile is None or is_srgb(profile)
        if (
            plain
            and not turned
            and len(data) <= 3 * self.size[0] * self.size[1]
            and _is_readable(data)
        ):
            return data
        return encode_jpeg(np.asarray(picture.convert("RGB")), self.image_quality)

    def _mask(self, path: Path) -> NDArray[np.uint8]:
        try:
            mask = self.masks.read(path)
        except UnusablePictureError as error:
            raise _damaged(path, str(error)) from None
        if mask.shape != self.size[::-1]:
            raise _damaged(path, f"{mask.shape[1]} x {mask.shape[0]} pixels")
        return mask

    def _decoded(self, path: Path) -> Image.Image:
        try:
            picture = read_picture(path)
        except UnusablePictureError as error:
            raise _damaged(path, str(error)) from None
        if picture.size != self.size:
            raise _damaged(path, f"{picture.width} x {picture.height} pixels")
        return picture


def _is_readable(jpeg: bytes) -> bool:
    """Whether the samples' decoder accepts a JPEG: it fails where Pillow only warns."""
    try:
        decode_jpeg(jpeg)
    except ValueError:
        return False
    return True


def _read(path: Path) -> bytes:
    try:
        return read_source(path)
    except UnusablePictureError as error:
        raise _damaged(path, str(error)) from None


def _depth_codes(path: Path, coding: DepthCoding) -> NDArray[np.uint16]:
    """The grey values of a depth map, unscaled, uint16 (h, w)."""
    try:
        size = read_header(path)[0]
        if size != coding.size:
            raise _damaged(path, f"{size_words(size)} pixels")
        with Image.open(io.BytesIO(_read(path)), formats=FORMATS) as picture:
            values = np.asarray(picture)
    except UnusablePictureError as error:
        raise _damaged(path, str(error)) from None
    except (OSError, ValueError, SyntaxError) as error:
        if is_passing(error):
            raise
        raise _damaged(path, str(error)) from None
    if values.shape != coding.size[::-1] or values.max() > coding.largest:
        shape = " x ".join(map(str, values.shape))
        raise _damaged(path, f"{shape} values up to {values.max()}")
    return values.astype(np.uint16)


def _damaged(path: Path, found: str) -> RunError:
    return RunError(
        str(path),
        expected="a whole picture like those of the other samples",
        found=found,
        remedy="repair it or remove the sample; finished shards are kept",
    )
