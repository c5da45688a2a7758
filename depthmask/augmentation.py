"""Other views of samples: one geometry for all planes, other light, other foregrounds.

A composite is I = a F + (1 - a) B. With I, a and B at hand, a F = I - (1 - a) B is known exactly,
and so is the composite of the same foreground in another colour, or with parts of it cut away:
these are new samples, not distortions. They teach what few foregrounds show: holes, thin parts,
soft shadows, and objects of any colour.
"""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

_STAGE_VIEW, _STAGE_PATTERN = 3, 4


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Pictures (B, 3, S, S), mask and depth (B, 1, S, S), float32 in [0, 1], and their positions.

    `depth_known` (B,) says for which samples `depth` is a target: not where parts of the
    foreground were cut away, nor where the data set has none.
    """

    image: Tensor
    background: Tensor
    mask: Tensor
    depth: Tensor
    depth_known: Tensor
    positions: NDArray[np.int64]


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
    rows = [_uniforms(seed, _STAGE_VIEW, epoch, position, 35) for position in positions]
    u = torch.from_numpy(np.stack(rows)).float()  # (B, 35)
    moved = _move(batch, u[:, :5])
    kept = torch.ones_like(moved.mask)
    whole = torch.ones(len(u), dtype=torch.bool)
    for row, position in enumerate(positions):
        pattern = _pattern(seed, epoch, position, kept.shape[-1])
        if pattern is not None:
            kept[row, 0], whole[row] = pattern, False
    engraved = torch.nonzero(u[:, 34] < 0.2)[:, 0]
    kept[engraved] = _engraving(_rows(moved, engraved), u[engraved, 30:34])
    whole[engraved] = False
    gain = (0.5 + u[:, 5:8]) ** (u[:, 8:9] < 0.5).float()
    painted = _change(moved, u[:, 21] < 0.35, _paint, u[:, 17:23])
    other = recompose(painted, kept, gain[..., None, None])
    shaded = _change(other, u[:, 28] < 0.25, _shade, u[:, 23:30])
    return _relight(dataclasses.replace(shaded, depth_known=batch.depth_known & whole), u[:, 9:17])


def _rows(batch: Batch, rows: Tensor) -> Batch:
    """The samples of a batch in `rows` (C,)."""
    return Batch(
        image=batch.image[rows],
        background=batch.background[rows],
        mask=batch.mask[rows],
        depth=batch.depth[rows],
        depth_known=batch.depth_known[rows],
        positions=batch.positions[rows.numpy()],
    )


def _change(
    batch: Batch, chosen: Tensor, change: Callable[[Batch, Tensor], Batch], u: Tensor
) -> Batch:
    """The batch with image and mask of `chosen` (B,) samples changed, written into its tensors."""
    rows = torch.nonzero(chosen)[:, 0]
    changed = change(_rows(batch, rows), u[rows])
    batch.image[rows], batch.mask[rows] = changed.image, changed.mask
    return batch


def _move(batch: Batch, u: Tensor) -> Batch:
    """Mirror, and for four in ten a crop of 70 to 100 % a side, all planes alike: new tensors."""
    mirrored, crops = u[:, 2] < 0.5, u[:, 1] < 0.4
    cropped, flipped = torch.nonzero(crops)[:, 0], torch.nonzero(mirrored & ~crops)[:, 0]
    planes = torch.cat([batch.image, batch.background, batch.mask, batch.depth], dim=1)
    planes[flipped] = planes[flipped].flip(3)
    if len(cropped):
        planes[cropped] = _crop(planes[cropped], u[cropped], mirrored[cropped])
    image, background, mask, depth = torch.split(planes, [3, 3, 1, 1], dim=1)
    return dataclasses.replace(batch, image=image, background=background, mask=mask, depth=depth)


def _crop(planes: Tensor, u: Tensor, mirrored: Tensor) -> Tensor:
    """A part of 70 to 100 % a side of each of some planes (C, 8, S, S), as large as the whole."""
    size = 1 - 0.3 * u[:, 0]
    theta = torch.zeros(len(u), 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = size * torch.where(mirrored, -1.0, 1.0), size
    theta[:, 0, 2], theta[:, 1, 2] = ((2 * u[:, 3:5] - 1) * (1 - size)[:, None]).unbind(1)
    grid = F.affine_grid(theta, list(planes.shape), align_corners=False)  # (C, S, S, 2)
    return F.grid_sample(planes, grid, padding_mode="border", align_corners=False)


def recompose(batch: Batch, kept: Tensor, gain: Tensor) -> Batch:
    """The same foregrounds with a share `kept` (B, 1, S, S) of their alpha, times `gain` a channel.

    `gain` is (B, 3, 1, 1). Where `kept` and `gain` are 1, and outside the mask, nothing changes.
    """
    alpha = kept * batch.mask
    image = _weighed_foreground(batch).mul_(1 + batch.mask * (gain - 1)).mul_(kept)
    image.addcmul_(1 - alpha, batch.background)
    return dataclasses.replace(batch, image=image.clamp_(0, 1), mask=alpha)


def _weighed_foreground(batch: Batch) -> Tensor:
    """Alpha times colour (B, 3, S, S), which composite, mask and background give exactly."""
    return torch.addcmul(batch.image, 1 - batch.mask, batch.background, value=-1)


def repaint(batch: Batch, colour: Tensor, share: Tensor) -> Batch:
    """The same alpha with a share (B, 1, 1, 1) of the colour replaced by `colour` (B, 3, 1, 1)."""
    alpha = batch.mask
    painted = _weighed_foreground(batch) * (1 - share) + alpha * colour * share
    image = painted + (1 - alpha) * batch.background
    return dataclasses.replace(batch, image=image.clamp(0, 1))


def cast_shadow(batch: Batch, shadow: Tensor) -> Batch:
    """The same foregrounds over a black layer of alpha `shadow` (B, 1, S, S), part of the mask."""
    seen = (1 - batch.mask) * shadow
    image = batch.image - seen * batch.background
    return dataclasses.replace(batch, image=image.clamp(0, 1), mask=batch.mask + seen)


def _paint(batch: Batch, u: Tensor) -> Batch:
    """One colour for foregrounds, a dark one for half of them: silhouettes."""
    dark = torch.where(u[:, 0:1] < 0.5, 0.25, 1.0)
    colour = (u[:, 1:4] * dark)[..., None, None]
    share = torch.where(u[:, 5] < 0.7, 1.0, u[:, 5])
    return repaint(batch, colour, share.view(-1, 1, 1, 1))


def _shade(batch: Batch, u: Tensor) -> Batch:
    """A soft elliptic shadow at the feet of foregrounds."""
    side = batch.mask.shape[-1]
    line = torch.arange(side, dtype=torch.float32)
    weight = batch.mask[:, 0] / (batch.mask[:, 0].sum((1, 2), keepdim=True) + 1e-6)  # (B, S, S)

    def place(weights: Tensor) -> tuple[Tensor, Tensor]:
        centre = (weights * line).sum(1)
        spread = (weights * (line - centre[:, None]).square()).sum(1).sqrt()
        return centre, 1 + spread

    (x, wide), (y, high) = place(weight.sum(1)), place(weight.sum(2))
    x, y = x + (u[:, 0] - 0.5) * wide, y + (1 + u[:, 1]) * high
    wide, high = wide * (0.7 + 1.8 * u[:, 2]), high * (0.15 + 0.85 * u[:, 3])
    across = ((line - x[:, None]) / wide[:, None]).square()[:, None, :]  # (B, 1, S)
    down = ((line - y[:, None]) / high[:, None]).square()[:, :, None]  # (B, S, 1)
    soft = (2 + 14 * u[:, 4].square())[:, None, None]
    depth = (0.3 + 0.7 * u[:, 6])[:, None, None]
    shadow = depth * torch.sigmoid(soft * (1 - (across + down).sqrt()))
    return cast_shadow(batch, shadow[:, None])


def _engraving(batch: Batch, u: Tensor) -> Tensor:
    """What an engraver keeps of foregrounds: where they, or their backgrounds, are dark (or light).

    Lines, leaves and lattice as pictures have them: (B, 1, S, S) in [0, 1].
    """
    own = (u[:, 0] < 0.5).view(-1, 1, 1, 1)
    other = batch.background.flip(2, 3)  # from elsewhere: not what is behind the foreground
    light = torch.where(own, batch.image, other).mean(1, keepdim=True)
    weight = batch.mask + 1e-6
    total = weight.sum((2, 3), keepdim=True)
    mean = (weight * light).sum((2, 3), keepdim=True) / total
    std = ((weight * (light - mean).square()).sum((2, 3), keepdim=True) / total).sqrt() + 0.02
    sign = torch.where(u[:, 1] < 0.6, -1.0, 1.0).view(-1, 1, 1, 1)
    level = (1.6 * u[:, 2] - 0.8).view(-1, 1, 1, 1)
    sharp = (1.5 + 6 * u[:, 3]).view(-1, 1, 1, 1)
    return torch.sigmoid(sharp * (sign * (light - mean) / std - level))


def _pattern(seed: int, epoch: int, position: int, side: int) -> Tensor | None:
    """What is kept of a foreground, (S, S) in [0, 1]; None (all of it) most of the time."""
    kind, scale, level, turn, phase = _uniforms(seed, _STAGE_PATTERN, epoch, position, 5).tolist()
    if kind < 0.7:
        return None
    if kind < 0.8:  # stripes, lattices of one direction
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
        angle, waves = math.pi * turn, (3 + scale * side / 5) / side
        wave = torch.sin(
            2 * math.pi * (waves * (x * math.cos(angle) + y * math.sin(angle)) + phase)
        )
        return torch.sigmoid(8 * (wave - 1.6 * level + 1))
    cells = 2 + int((side / 2 - 2) * scale**2) if kind < 0.93 else 2 + int(4 * scale)
    noise = _uniforms(seed, _STAGE_PATTERN, epoch, position, 5 + cells * cells)[5:]
    coarse = torch.from_numpy(noise).float().view(1, 1, cells, cells)
    field = F.interpolate(coarse, size=(side, side), mode="bicubic")[0, 0]
    if kind < 0.93:  # holes and islands with sharp borders
        return torch.sigmoid(30 * (field - 0.2 - 0.45 * level))
    return torch.clamp(field * 1.6 - 0.5 * level, 0, 1)  # fades, as soft shadows have them


def _relight(batch: Batch, u: Tensor) -> Batch:
    """One light for both pictures, a slighter one for the background alone, in their tensors."""

    def column(index: int, low: float, high: float, width: int = 1) -> Tensor:
        return (low + (high - low) * u[:, index : index + width]).view(len(u), width, 1, 1)

    gain, lift = column(0, 0.75, 1.25, 3), column(3, -0.08, 0.08)
    other_gain, other_lift = column(4, 0.98, 1.02, 3), column(7, -0.01, 0.01)
    batch.image.mul_(gain).add_(lift).clamp_(0, 1)
    batch.background.mul_(gain * other_gain).add_(lift * other_gain + other_lift).clamp_(0, 1)
    return batch
