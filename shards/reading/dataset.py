"""One reader for both stores: random access by position and split, lazy, picklable."""

import dataclasses
import os
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shards.base.errors import RunError
from shards.base.keys import BACKGROUND, SPLITS, keys_from, record_name, shard_name
from shards.base.size import Size
from shards.pixels.codecs import decode_jpeg
from shards.pixels.depth_coding import DepthCoding
from shards.places.place import Place
from shards.reading.sample import Sample
from shards.reading.split_sequence import SplitSequence
from shards.records.categories import categories_of
from shards.records.manifest import Record, read_manifest, read_record
from shards.stores.table import Shard, open_shard

_BACKGROUND_CACHE_BYTES = 64 << 20


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """Some samples of one shard, in order of position: all of them, unless some are left out."""

    place: Place
    shard: str
    split: str
    positions: Sequence[int]


class Dataset(SplitSequence):
    """The samples of a finished data set, train, then val, then test; `split(name)` gives one.

    Shard files are opened when first touched, once a process: a Dataset may be pickled, or
    inherited by a forked worker, at any time.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.manifest: dict[str, Any] = read_manifest(self.path)
        super().__init__({split: self.manifest["splits"][split]["samples"] for split in SPLITS})
        width, height = self.manifest["options"]["size"]
        self.size: Size = (width, height)
        self.digest: str = self.manifest["digest"]
        depth = self.manifest["depth"]
        self.depth = None if depth is None else DepthCoding.from_json(depth)
        self._per_shard: int = self.manifest["options"]["samples_per_shard"]
        self._format: str = self.manifest["options"]["format"]
        self._backgrounds = {
            source["name"]: position
            for position, source in enumerate(self.manifest["sources"]["bg"])
        }
        self._sha256 = {
            entry["name"]: entry["sha256"]
            for entry in self.manifest["shards"] + self.manifest["backgrounds"]
        }
        self._forget()

    @property
    def path(self) -> Path:
        """The local folder: the data set's own, or the cache of an address."""
        return self.place.folder

    @property
    def categories(self) -> dict[str, int]:
        """The ids of its objects' categories by name, from 1."""
        return categories_of(self.manifest)

    @property
    def _stats(self) -> dict[str, Any]:
        stats: dict[str, Any] = self.manifest["stats"]
        return stats

    @property
    def members(self) -> "tuple[Dataset, ...]":
        """The data sets that it is read from: itself."""
        return (self,)

    def _sample(self, split: str, position: int) -> Sample:
        number, row = divmod(position, self._per_shard)
        shard = self.shard(split, number)
        return Sample(
            split=split,
            position=position,
            size=self.size,
            coding=self.depth,
            fields=shard.fields,
            get=shard.row(row),
            backgrounds=None if "background.jpg" in shard.fields else self,
        )

    def spans(
        self, split: str | None = None, positions: Sequence[int] | None = None
    ) -> Iterator[Span]:
        """The samples, shard by shard; or those at `positions` of `split`, which are in order."""
        if split is None or positions is None:
            for each in self._splits:
                yield from self.spans(each, range(self._counts[each]))
            return
        begin = 0
        while begin < len(positions):
            number = positions[begin] // self._per_shard
            end = bisect_left(positions, (number + 1) * self._per_shard, begin)
            name = shard_name(split, number, self._format)
            yield Span(self.place, name, split, positions[begin:end])
            begin = end

    def background(self, name: str) -> NDArray[np.uint8]:
        """The pixels of a background by its source's name, uint8 (H, W, 3), kept for a while.

        All who ask get the same array, which is read-only.
        """
        self._forget_after_fork()
        kept = self._kept.pop(name, None)
        if kept is not None:  # back at the end: what was used last goes last
            self._kept[name] = kept
            return kept
        try:
            pixels = decode_jpeg(self.background_bytes(name), self.size)
        except ValueError as error:
            raise self._no_background(name, str(error)) from None
        pixels.flags.writeable = False
        self._kept[name] = pixels
        while len(self._kept) * pixels.nbytes > _BACKGROUND_CACHE_BYTES:
            self._kept.popitem(last=False)
        return pixels

    def background_bytes(self, name: str) -> bytes:
        """The JPEG of a background by its source's name, from the background shards."""
        if name not in self._backgrounds:
            raise self._no_background(name, "none of that name")
        number, row = divmod(self._backgrounds[name], self._per_shard)
        return self.shard(BACKGROUND, number).get(row, "background.jpg")

    def _no_background(self, name: str, found: str) -> RunError:
        return RunError(
            str(self.path),
            expected=f"the background {name}",
            found=found,
            remedy="see `depthmask verify --deep`; --repair makes damaged shards again",
        )

    def shard(self, split: str, number: int) -> Shard:
        """Shard `number` of a split (or of the backgrounds), opened."""
        self._forget_after_fork()
        opened = self._opened.get((split, number))
        if opened is None:
            first = number * self._per_shard
            total = len(self._backgrounds) if split == BACKGROUND else self._counts[split]
            path = self.path / shard_name(split, number, self._format)
            samples = min(self._per_shard, total - first)
            sha256 = self._sha256[path.name]
            self.place.fetch(path.name, sha256)
            opened = open_shard(self._format, path, keys_from(split, first), samples, sha256)
            self._opened[split, number] = opened
        return opened

    def record(self, shard: str) -> Record | None:
        """The commit record of a shard, by the shard's name; None where there is none."""
        self.place.fetch(record_name(shard))
        return read_record(self.path, shard)

    def close(self) -> None:
        """Release every open shard."""
        for shard in self._opened.values():
            shard.close()
        self._forget()

    def _forget(self) -> None:
        self._process = os.getpid()
        self._opened: dict[tuple[str, int], Shard] = {}
        self._kept: OrderedDict[str, NDArray[np.uint8]] = OrderedDict()

    def _forget_after_fork(self) -> None:
        if self._process != os.getpid():
            self._forget()

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_opened": {}, "_kept": OrderedDict(), "_process": -1}
