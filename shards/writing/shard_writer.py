"""Writing one shard safely: encode, sum, store, fsync, rename, commit record."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from shards.base.canonical_json import encode_json
from shards.base.files import publish, temporary_beside
from shards.base.keys import BACKGROUND, sample_key
from shards.base.size import Size
from shards.pixels.codecs import decode_grey_jpeg, decode_jpeg
from shards.pixels.fields import DECODERS, UNSUMMED, field_moments
from shards.pixels.moments import NOTHING, Moments, moments_of_bytes, moments_of_codes
from shards.records.manifest import Record, write_record
from shards.stores.table import open_writer
from shards.writing.encoding import Encoding, RawSample, StoredBackground, encode_sample


class ShardWriter:
    """One unfinished shard. Leaving the `with` block without `commit` leaves no trace.

    `payload` counts the bytes of the fields so far. `versions` go into the record (`Record`).
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        split: str,
        build: str,
        encoding: Encoding,
        capacity: int,
        versions: Mapping[str, str] | None = None,
    ) -> None:
        self._folder, self._name, self._split, self._build = folder, name, split, build
        self._versions = dict(versions or {})
        self._encoding = encoding
        self._temporary = temporary_beside(folder / name)
        self._store = open_writer(encoding.format, self._temporary, capacity)
        self._sums: dict[str, Moments] = {}
        self._positions: list[int] = []
        self._clipped = 0
        self.payload = 0
        self._closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        try:
            if not self._closed:
                self._store.abort()
        finally:
            self._temporary.unlink(missing_ok=True)

    def add(self, sample: RawSample) -> None:
        """Encode a sample and append it; positions must come in order."""
        fields = encode_sample(sample, self._encoding)
        self._sum("image", moments_of_bytes(decode_jpeg(fields["image.jpg"])))
        self._sum("mask", moments_of_bytes(sample.mask))
        self._sum("background", sample.background.moments)
        if "depth.jpg" in fields:
            self._sum("depth", moments_of_bytes(decode_grey_jpeg(fields["depth.jpg"])))
        elif sample.depth_codes is not None:
            self._sum("depth", moments_of_codes(sample.depth_codes))
        self._clipped += sample.clipped
        self._append(sample.position, fields)

    def add_encoded(self, position: int, fields: dict[str, bytes], background: Moments) -> None:
        """Append a sample whose fields are encoded already; it is decoded for its moments."""
        for field, data in fields.items():
            if field in DECODERS and field not in {"background.jpg", *UNSUMMED}:
                self._sum(field.partition(".")[0], field_moments(DECODERS[field](data)))
        self._sum("background", background)
        self._append(position, fields)

    def add_background(self, position: int, stored: StoredBackground, info: dict[str, Any]) -> None:
        """Append a background to a background shard."""
        self._sum("background", stored.moments)
        self._append(position, {"background.jpg": stored.data, "json": encode_json(info)})

    def commit(self, check: Callable[[Path], None] = lambda path: None) -> Record:
        """Make the shard durable under its final name, then its record: now it exists.

        `check` sees the finished file first; what it raises stops the commit.
        """
        size, sha256 = self._store.close()
        self._closed = True
        check(self._temporary)
        publish(self._temporary, self._folder / self._name)
        record = Record(
            build=self._build,
            name=self._name,
            split=self._split,
            samples=len(self._positions),
            bytes=size,
            sha256=sha256,
            first=self._positions[0],
            last=self._positions[-1],
            sums=self._sums,
            clipped=self._clipped,
            versions=self._versions,
        )
        write_record(self._folder, record)
        return record

    def _sum(self, field: str, moments: Moments) -> None:
        self._sums[field] = self._sums.get(field, NOTHING) + moments

    def _append(self, position: int, fields: dict[str, bytes]) -> None:
        self._store.add(sample_key(self._split, position), fields)
        self._positions.append(position)
        self.payload += sum(map(len, fields.values()))


def payload_bound(split: str, samples: int, size: Size) -> int:
    """An upper bound in bytes on a shard's payload that follows from the plan alone."""
    of_sample = 3 + 1 + 1 + 2 + 3  # image, mask, instances, depth, background
    planes = 3 if split == BACKGROUND else of_sample
    width, height = size
    return samples * (planes * width * height * 5 // 4 + 20_000)
