"""Other views of samples: one geometry for all planes, other light, other foregrounds."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from depthmask.data.batch import Batch
from depthmask.data.foreground_augmentation import (
    compress,
    engraving,
    paint,
    recompose,
    shade,
    weave,
)

_STAGE_VIEW, _STAGE_PATTERN = 3, 4
_DRAWS = 48


def _uniforms(seed: int, stage: int, epoch: int, position: int, count: int) -> NDArray[np.float64]:
    """Floats in [0, 1) keyed by (seed, stage, epoch, position): batches do not matter."""
    bits = np.random.Philox(key=(seed, stage), counter=(0, position, epoch, 0)).random_raw(count)
    floats: NDArray[np.float64] = (bits >> np.uint64(11)) * np.float64(2.0**-53)
    return floats


def augment(batch: Batch, seed: int, epoch: int) -> Batch:
    """Other views of the same samples, drawn by (seed, epoch, position), in the batch's tensors.

    What changes few samples of a batch is computed for those alone. All objects of a sample are one
    foreground. Samples without any take the same steps: their composites become what is left, the
    background, and are compressed as often as others, so that nothing but objects reveals objects.
    """
    positions = batch.positions.tolist()
    rows = [_uniforms(seed, _STAGE_VIEW, epoch, position, _DRAWS) for position in positions]
    u = torch.from_numpy(np.stack(rows)).float()  # (B, 48)
    _move(batch, u[:, :5])
    empty = batch.mask.amax((1, 2, 3)) == 0
    kept = torch.ones_like(batch.mask)
    height, width = kept.shape[-2:]
    whole = torch.ones(len(u), dtype=torch.bool)
    for row, position in enumerate(positions):
        pattern = _pattern(u[row, 43:], (height, width), seed, epoch, position)
        if pattern is not None:
            kept[row, 0], whole[row] = pattern, False
    engraved = torch.nonzero(u[:, 34] < 0.08)[:, 0]
    kept[engraved] = engraving(batch.rows(engraved), u[engraved, 30:34])
    whole[engraved] = False
    gain = (0.5 + u[:, 5:8]) ** (u[:, 8:9] < 0.5).float()
    painted, woven = u[:, 21] < 0.25, u[:, 21] > 0.75
    other = _change(batch, painted, paint, u[:, 17:23])
    other = _change(other, woven, weave, u[:, 35:41])
    other = recompose(other, kept, gain[..., None, None])
    other = _change(other, u[:, 28] < 0.25, shade, u[:, 23:30])
    compress(other.image, painted | woven | ~whole, u[:, 41])
    _relight(other, u[:, 9:17], u[:, 42] < 0.5)
    return dataclasses.replace(other, depth_known=batch.depth_known & (whole | empty))


def _change(
    batch: Batch, chosen: Tensor, change: Callable[[Batch, Tensor], Batch], u: Tensor
) -> Batch:
    """The batch with image and mask of `chosen` (B,) samples changed, written into its tensors."""
    rows = torch.nonzero(chosen)[:, 0]
    if not len(rows):
        return batch
    changed = change(batch.rows(rows), u[rows])
    batch.image[rows], batch.mask[rows] = changed.image, changed.mask
    return batch


def _move(batch: Batch, u: Tensor) -> None:
    """Mirror half of the samples, and crop four in ten to 70 to 100 % a side, all planes alike."""
    height, width = size = batch.mask.shape[-2:]
    for row, (shrink, crops, mirror, down, across) in enumerate(u.tolist()):
        high, wide = size
        if crops < 0.4:
            high, wide = (side - int(0.3 * side * shrink) for side in size)
        top, left = int(down * (height - high + 1)), int(across * (width - wide + 1))
        mirrored = mirror < 0.5
        cropped = (high, wide) != size
        if not cropped and not mirrored:
            continue
        for part in (batch.image, batch.background, batch.mask, batch.depth):
            seen = part[row : row + 1]  # (1, C, H, W)
            if cropped:
                window = seen[:, :, top : top + high, left : left + wide]
                seen = F.interpolate(window, size=size, mode="bilinear")
            if mirrored:
                seen = seen.flip(3)
            part[row : row + 1] = seen


def _pattern(
    u: Tensor, size: tuple[int, int], seed: int, epoch: int, position: int
) -> Tensor | None:
    """What is kept of a foreground, `size` (H, W) in [0, 1]; None (all of it) most of the time.

    Waves and cells are counted over the shorter side, and as large along the other.
    """
    kind, scale, level, turn, phase = u.tolist()
    if kind < 0.85:
        return None
    height, width = size
    side = min(size)
    if kind < 0.9:  # stripes, lattices of one direction
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        angle, waves = math.pi * turn, (3 + scale * side / 5) / side
        wave = torch.sin(
            2 * math.pi * (waves * (x * math.cos(angle) + y * math.sin(angle)) + phase)
        )
        return torch.sigmoid(8 * (wave - 1.6 * level + 1))
    cells = 2 + int((side / 2 - 2) * scale**2) if kind < 0.965 else 2 + int(4 * scale)
    rows, columns = round(cells * height / side), round(cells * width / side)
    noise = _uniforms(seed, _STAGE_PATTERN, epoch, position, rows * columns)
    coarse = torch.from_numpy(noise).float().view(1, 1, rows, columns)
    field = F.interpolate(coarse, size=size, mode="bicubic")[0, 0]
    if kind < 0.965:  # holes and islands with sharp borders
        return torch.sigmoid(30 * (field - 0.2 - 0.45 * level))
    return torch.clamp(field * 1.6 - 0.5 * level, 0, 1)  # fades, as soft shadows have them


def _relight(batch: Batch, u: Tensor, apart: Tensor) -> None:
    """One light for both pictures, for those of `apart` (B,) a slighter one for the background."""

    def column(index: int, low: float, high: float, width: int = 1) -> Tensor:
        return (low + (high - low) * u[:, index : index + width]).view(len(u), width, 1, 1)

    gain, lift = column(0, 0.75, 1.25, 3), column(3, -0.08, 0.08)
    other_gain = column(4, 0.98, 1.02, 3) ** apart.float().view(-1, 1, 1, 1)
    other_lift = column(7, -0.01, 0.01) * apart.float().view(-1, 1, 1, 1)
    batch.image.mul_(gain).add_(lift).clamp_(0, 1)
    batch.background.mul_(gain * other_gain).add_(lift * other_gain + other_lift).clamp_(0, 1)
