"""From samples to batches: decoding with a bounded memory, and joint augmentation."""

import dataclasses
import queue
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from shards.joined import AnyDataset
from shards.order import epoch_order
from shards.sample import Sample

_CACHE_BYTES = 2 << 30
_STAGE_AUGMENT = 3
_AHEAD = 4

Decoded = NDArray[np.uint8]
"""Composite, background, mask and the high and low byte of depth: uint8 (S, S, 9)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Pictures (B, 3, S, S), mask and depth (B, 1, S, S), float32 in [0, 1], and their positions.

    Depth is zero where the data set has none.
    """

    image: Tensor
    background: Tensor
    mask: Tensor
    depth: Tensor
    positions: NDArray[np.int64]


def _resize(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    if pixels.shape[0] == side:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))


def decode(sample: Sample, side: int) -> Decoded:
    """A sample at `side` pixels, packed: uint8 (S, S, 9)."""
    packed = np.zeros((side, side, 9), np.uint8)
    packed[..., :3] = _resize(sample.image, side)
    packed[..., 3:6] = _resize(sample.background, side)
    packed[..., 6] = _resize(sample.mask, side)
    if sample.coding is not None:
        depth = sample.depth_unit
        if depth.shape[0] != side:
            filter = Image.Resampling.BILINEAR
            depth = np.asarray(Image.fromarray(depth).resize((side, side), filter))
        codes = np.rint(depth * 65535).astype(np.uint16)
        packed[..., 7], packed[..., 8] = codes >> 8, codes & 255
    return packed


class SampleSource:
    """Decoded samples of a data set by position; those decoded first stay in memory."""

    def __init__(self, dataset: AnyDataset, side: int, workers: int) -> None:
        self._dataset, self._side = dataset, side
        self._pool = ThreadPoolExecutor(workers)
        self._kept: dict[int, Decoded] = {}
        self._room = _CACHE_BYTES // (side * side * 9)

    def __len__(self) -> int:
        return len(self._dataset)

    def _get(self, position: int) -> Decoded:
        kept = self._kept.get(position)
        if kept is None:
            kept = decode(self._dataset[position], self._side)
            if len(self._kept) < self._room:
                self._kept[position] = kept
        return kept

    def batch(self, positions: Sequence[int] | NDArray[np.int64]) -> Batch:
        """The samples at `positions`, not augmented."""
        wanted = [int(position) for position in positions]
        packed = torch.from_numpy(np.stack(list(self._pool.map(self._get, wanted))))
        planes = packed.permute(0, 3, 1, 2).float()  # (B, S, S, 9) -> (B, 9, S, S)
        return Batch(
            image=planes[:, :3] / 255,
            background=planes[:, 3:6] / 255,
            mask=planes[:, 6:7] / 255,
            depth=(planes[:, 7:8] * 256 + planes[:, 8:9]) / 65535,
            positions=np.asarray(wanted, np.int64),
        )


def _draws(seed: int, epoch: int, positions: NDArray[np.int64], count: int) -> Tensor:
    """Uniform floats (B, count) keyed by (seed, epoch, position): batches do not matter."""
    rows = []
    for position in positions.tolist():
        bits = np.random.Philox(
            key=(seed, _STAGE_AUGMENT), counter=(0, position, epoch, 0)
        ).random_raw(count)
        rows.append((bits >> np.uint64(11)) * 2.0**-53)
    return torch.from_numpy(np.stack(rows)).float()


def augment(batch: Batch, seed: int, epoch: int) -> Batch:
    """Other views of the same samples, drawn by (seed, epoch, position).

    One geometry (mirror; for four in ten a crop of 70 to 100 % a side) for composite, background,
    mask and depth; one change of light for both pictures, and a slighter one for the background
    alone, as two shots of one place differ. Targets' values are never changed.
    """
    u = _draws(seed, epoch, batch.positions, 16)
    size = 1 - 0.3 * u[:, 0] * (u[:, 1] < 0.4)
    mirror = torch.where(u[:, 2] < 0.5, -1.0, 1.0)
    theta = torch.zeros(len(u), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = size * mirror, size
    theta[:, 0, 2], theta[:, 1, 2] = ((2 * u[:, 3:5] - 1) * (1 - size)[:, None]).unbind(1)
    planes = torch.cat([batch.image, batch.background, batch.mask, batch.depth], dim=1)
    grid = F.affine_grid(theta, list(planes.shape), align_corners=False)  # (B, S, S, 2)
    moved = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
    image, background, mask, depth = torch.split(moved, [3, 3, 1, 1], dim=1)

    def column(index: int, low: float, high: float, width: int = 1) -> Tensor:
        return (low + (high - low) * u[:, index : index + width]).view(len(u), width, 1, 1)

    gain, lift = column(5, 0.75, 1.25, 3), column(8, -0.08, 0.08)
    other_gain, other_lift = column(9, 0.98, 1.02, 3), column(12, -0.01, 0.01)
    return Batch(
        image=(image * gain + lift).clamp(0, 1),
        background=((background * gain + lift) * other_gain + other_lift).clamp(0, 1),
        mask=mask,
        depth=depth,
        positions=batch.positions,
    )


def train_batches(
    source: SampleSource, *, seed: int, epoch: int, batch_size: int, skip: int = 0
) -> Generator[Batch, None, None]:
    """The augmented batches of an epoch, from batch `skip` on, made ahead in a thread.

    The last batch is left out when it is short, unless it is the only one.
    """
    order = epoch_order(len(source), seed, epoch)
    steps = max(1, len(order) // batch_size)
    made: queue.Queue[Batch | BaseException] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def offer(item: Batch | BaseException) -> None:
        while not stopped.is_set():
            try:
                made.put(item, timeout=0.2)
                return
            except queue.Full:
                continue

    def make() -> None:
        try:
            for step in range(skip, steps):
                if stopped.is_set():
                    return
                positions = order[step * batch_size : (step + 1) * batch_size]
                offer(augment(source.batch(positions), seed, epoch))
        except BaseException as error:  # handed to whoever takes the batches
            offer(error)

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        for _ in range(skip, steps):
            item = made.get()
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped.set()
        maker.join()
