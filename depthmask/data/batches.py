"""From samples to batches: decoded in bounded memory, ahead of the network."""

import queue
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from depthmask.data.augmentation import augment
from depthmask.data.batch import Batch
from depthmask.data.samples import Samples
from depthmask.distributed.launch import ALONE, ProcessRank
from pipeline.machine.threads import start_thread
from shards.base.size import Size
from shards.reading.order import batch_at, epoch_order, share_of
from shards.reading.sample import Sample

_CACHE_BYTES = 2 << 30
"""For all ranks of a machine together."""
_SCALED_BYTES = 64 << 20
_AHEAD = 2

Decoded = NDArray[np.uint8]
"""Planes of composite, background, mask and the high and low byte of depth: uint8 (9, H, W)."""

_Made = Batch | tuple[NDArray[np.int64], Decoded]
"""A batch, or what it is made of: positions, and their samples decoded."""


def _resize(pixels: NDArray[np.uint8], size: Size) -> NDArray[np.uint8]:
    """Pixels (H, W, ...) at `size` (width, height)."""
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    # Hamming shrinks nearly as sharply as bicubic, in two thirds of the time.
    shrinks = size[0] * size[1] < width * height
    filter = Image.Resampling.HAMMING if shrinks else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(pixels).resize(size, filter))


def decode(sample: Sample, background: NDArray[np.uint8]) -> Decoded:
    """A sample at the size of `background` (H, W, 3), which is its own, packed: uint8 (9, H, W)."""
    height, width = background.shape[:2]
    size = (width, height)
    packed = np.zeros((9, height, width), np.uint8)
    packed[:3] = _resize(sample.image, size).transpose(2, 0, 1)
    packed[3:6] = background.transpose(2, 0, 1)
    packed[6] = _resize(sample.mask, size)
    if sample.coding is not None:
        depth = sample.depth_unit
        if depth.shape != (height, width):
            filter = Image.Resampling.BILINEAR
            depth = np.asarray(Image.fromarray(depth).resize(size, filter))
        codes = np.rint(depth * 65535).astype(np.uint16)
        packed[7], packed[8] = codes >> 8, codes & 255
    return packed


class DecodedSamples:
    """Samples of a data set by position, decoded at a size (width, height).

    Those decoded first stay in memory.
    """

    def __init__(self, dataset: Samples, size: Size, workers: int, *, local_ranks: int = 1) -> None:
        self._dataset, self.size = dataset, size
        self._pool = ThreadPoolExecutor(workers)
        self._kept: dict[int, Decoded] = {}
        pixels = size[0] * size[1]
        self._scaled = lru_cache(_SCALED_BYTES // (pixels * 3))(
            lambda backgrounds, name: _resize(backgrounds.background(name), size)
        )
        self._room = _CACHE_BYTES // local_ranks // (pixels * 9)

    def __len__(self) -> int:
        return len(self._dataset)

    def _get(self, position: int) -> Decoded:
        kept = self._kept.get(position)
        if kept is None:
            sample = self._dataset[position]
            kept = decode(sample, self._background(sample))
            if len(self._kept) < self._room:
                self._kept[position] = kept
        return kept

    def _background(self, sample: Sample) -> NDArray[np.uint8]:
        if sample.backgrounds is None or sample.size == self.size:
            return _resize(sample.shared_background, self.size)
        return self._scaled(sample.backgrounds, sample.background_name)

    def packed(self, positions: Sequence[int] | NDArray[np.int64]) -> Decoded:
        """The samples at `positions`, decoded: uint8 (B, 9, H, W)."""
        return np.stack(list(self._pool.map(self._get, map(int, positions))))

    def unpack(self, packed: Decoded, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The batch of decoded samples, not augmented."""
        planes = torch.from_numpy(packed)  # (B, 9, H, W)
        units = planes[:, :7].float().div_(255)
        high, low = planes[:, 7:8].float(), planes[:, 8:9].float()
        return Batch(
            image=units[:, :3],
            background=units[:, 3:6],
            mask=units[:, 6:7],
            depth=high.mul_(256).add_(low).div_(65535),
            depth_known=torch.full((len(packed),), self._dataset.depth is not None),
            positions=np.asarray(positions, np.int64),
        )

    def batch(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The samples at `positions`, not augmented."""
        return self.unpack(self.packed(positions), positions)


def train_batches(
    source: DecodedSamples,
    *,
    seed: int,
    epoch: int,
    batch_size: int,
    begin: int = 0,
    place: ProcessRank = ALONE,
    cores: int | None = None,
) -> Generator[Batch, None, None]:
    """The augmented batches of an epoch, from its `begin`th sample on, made ahead in threads.

    Every batch is full: the last one is filled up from the beginning of the epoch's order. Of each
    batch it is the part that belongs to the rank at `place`. `cores` is how many torch has for
    augmentation ahead of the step. None: it is the work of the caller's thread, as it should be
    where the network is on the same cores, whose threads would wait for each other.
    """
    order = epoch_order(len(source), seed, epoch)
    begins = range(begin, len(order), batch_size)
    made: queue.Queue[_Made | BaseException] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def finish(positions: NDArray[np.int64], packed: Decoded) -> Batch:
        return augment(source.unpack(packed, positions), seed, epoch)

    def offer(item: _Made | BaseException) -> None:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def make() -> None:
        try:
            for first in begins:
                if stopped.is_set():
                    return
                whole = batch_at(order, first, batch_size)
                positions = share_of(whole, place.rank, place.ranks)
                packed = source.packed(positions)
                offer(finish(positions, packed) if cores else (positions, packed))
        except BaseException as error:  # handed to whoever takes the batches
            offer(error)

    maker = start_thread(make, cores or 1)
    try:
        for _ in begins:
            item = made.get()
            if isinstance(item, BaseException):
                raise item
            yield item if isinstance(item, Batch) else finish(*item)
    finally:
        stopped.set()
        maker.join()
