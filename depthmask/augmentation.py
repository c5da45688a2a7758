"""Other views of samples: one geometry for all planes, other light, other foregrounds."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from depthmask.batch import Batch
from depthmask.foregrounds import compress, engraving, paint, recompose, shade, weave

_STAGE_VIEW, _STAGE_PATTERN = 3, 4
_DRAWS = 43


def _uniforms(seed: int, stage: int, epoch: int, position: int, count: int) -> NDArray[np.float64]:
    """Floats in [0, 1) keyed by (seed, stage, epoch, position): batches do not matter."""
    bits = np.random.Philox(key=(seed, stage), counter=(0, position, epoch, 0)).random_raw(count)
    floats: NDArray[np.float64] = (bits >> np.uint64(11)) * np.float64(2.0**-53)
    return floats


def augment(batch: Batch, seed: int, epoch: int) -> Batch:
    """Other views of the same samples, drawn by (seed, epoch, position).

    What changes few samples of a batch is worked out for those alone.
    """
    positions = batch.positions.tolist()
    rows = [_uniforms(seed, _STAGE_VIEW, epoch, position, _DRAWS) for position in positions]
    u = torch.from_numpy(np.stack(rows)).float()  # (B, 43)
    moved = _move(batch, u[:, :5])
    kept = torch.ones_like(moved.mask)
    whole = torch.ones(len(u), dtype=torch.bool)
    for row, position in enumerate(positions):
        pattern = _pattern(seed, epoch, position, kept.shape[-1])
        if pattern is not None:
            kept[row, 0], whole[row] = pattern, False
    engraved = torch.nonzero(u[:, 34] < 0.08)[:, 0]
    kept[engraved] = engraving(moved.rows(engraved), u[engraved, 30:34])
    whole[engraved] = False
    gain = (0.5 + u[:, 5:8]) ** (u[:, 8:9] < 0.5).float()
    painted, woven = u[:, 21] < 0.25, u[:, 21] > 0.65
    other = _change(moved, painted, paint, u[:, 17:23])
    other = _change(other, woven, weave, u[:, 35:41])
    other = recompose(other, kept, gain[..., None, None])
    other = _change(other, u[:, 28] < 0.25, shade, u[:, 23:30])
    other = _change(other, painted | woven | ~whole, compress, u[:, 41])
    _relight(other, u[:, 9:17], u[:, 42] < 0.5)
    return dataclasses.replace(other, depth_known=batch.depth_known & whole)


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


def _move(batch: Batch, u: Tensor) -> Batch:
    """Mirror, and for four in ten a crop of 70 to 100 % a side, all planes alike: new tensors."""
    mirrored, crops = u[:, 2] < 0.5, u[:, 1] < 0.4
    parts = [batch.image, batch.background, batch.mask, batch.depth]
    side = batch.mask.shape[-1]
    planes = torch.empty(len(u), sum(part.shape[1] for part in parts), side, side)  # (B, 8, S, S)
    moved = torch.split(planes, [part.shape[1] for part in parts], dim=1)
    for row, flips in enumerate((mirrored & ~crops).tolist()):
        for part, here in zip(parts, moved, strict=True):
            here[row].copy_(part[row].flip(2) if flips else part[row])
    cropped = torch.nonzero(crops)[:, 0]
    if len(cropped):
        planes[cropped] = _crop(planes[cropped], u[cropped], mirrored[cropped])
    image, background, mask, depth = moved
    return dataclasses.replace(batch, image=image, background=background, mask=mask, depth=depth)


def _crop(planes: Tensor, u: Tensor, mirrored: Tensor) -> Tensor:
    """A part of 70 to 100 % a side of each of some planes (C, 8, S, S), as large as the whole."""
    size = 1 - 0.3 * u[:, 0]
    theta = torch.zeros(len(u), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = size * torch.where(mirrored, -1.0, 1.0), size
    theta[:, 0, 2], theta[:, 1, 2] = ((2 * u[:, 3:5] - 1) * (1 - size)[:, None]).unbind(1)
    grid = F.affine_grid(theta, list(planes.shape), align_corners=False)  # (C, S, S, 2)
    return F.grid_sample(planes, grid, padding_mode="border", align_corners=False)


def _pattern(seed: int, epoch: int, position: int, side: int) -> Tensor | None:
    """What is kept of a foreground, (S, S) in [0, 1]; None (all of it) most of the time."""
    kind, scale, level, turn, phase = _uniforms(seed, _STAGE_PATTERN, epoch, position, 5).tolist()
    if kind < 0.85:
        return None
    if kind < 0.9:  # stripes, lattices of one direction
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        angle, waves = math.pi * turn, (3 + scale * side / 5) / side
        wave = torch.sin(
            2 * math.pi * (waves * (x * math.cos(angle) + y * math.sin(angle)) + phase)
        )
        return torch.sigmoid(8 * (wave - 1.6 * level + 1))
    cells = 2 + int((side / 2 - 2) * scale**2) if kind < 0.965 else 2 + int(4 * scale)
    noise = _uniforms(seed, _STAGE_PATTERN, epoch, position, 5 + cells * cells)[5:]
    coarse = torch.from_numpy(noise).float().view(1, 1, cells, cells)
    field = F.interpolate(coarse, size=(side, side), mode="bicubic")[0, 0]
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
