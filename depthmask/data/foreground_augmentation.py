"""Other foregrounds in the same composites: recoloured, woven, cut, engraved, with a shadow.

A composite is I = a F + (1 - a) B. With I, a and B at hand, a F = I - (1 - a) B is known exactly,
and so is the composite of the same foreground in another colour, or with parts of it cut away:
these are new samples, not distortions. They teach what few foregrounds show: holes, thin parts,
soft shadows, and objects of any colour, that of their background among them.
"""

import dataclasses

import torch
from torch import Tensor

from depthmask.data.batch import Batch
from shards.pixels.codecs import decode_jpeg, encode_jpeg


def recompose(batch: Batch, kept: Tensor, gain: Tensor) -> Batch:
    """The same foregrounds with a share `kept` (B, 1, H, W) of their alpha, times `gain` a channel.

    `gain` is (B, 3, 1, 1). Where `kept` and `gain` are 1, and outside the mask, nothing changes.
    """
    alpha = kept * batch.mask
    image = _weighed_foreground(batch).mul_(1 + batch.mask * (gain - 1)).mul_(kept)
    image.addcmul_(1 - alpha, batch.background)
    return dataclasses.replace(batch, image=image.clamp_(0, 1), mask=alpha)


def _weighed_foreground(batch: Batch) -> Tensor:
    """Alpha times colour (B, 3, H, W), which composite, mask and background give exactly."""
    return torch.addcmul(batch.image, 1 - batch.mask, batch.background, value=-1)


def repaint(batch: Batch, colour: Tensor, share: Tensor) -> Batch:
    """The same alpha with a share (B, 1, 1, 1) of the colour replaced by `colour`.

    That is (B, 3, 1, 1), or (B, 3, H, W) where it has a pattern.
    """
    alpha = batch.mask
    painted = _weighed_foreground(batch) * (1 - share) + alpha * colour * share
    image = painted + (1 - alpha) * batch.background
    return dataclasses.replace(batch, image=image.clamp(0, 1))


def cast_shadow(batch: Batch, shadow: Tensor) -> Batch:
    """The same foregrounds over a black layer of alpha `shadow` (B, 1, H, W), part of the mask."""
    seen = (1 - batch.mask) * shadow
    image = batch.image - seen * batch.background
    return dataclasses.replace(batch, image=image.clamp(0, 1), mask=batch.mask + seen)


def _share(u: Tensor) -> Tensor:
    """How much of its colour a foreground loses, (B, 1, 1, 1): all of it for seven in ten."""
    return torch.where(u < 0.7, 1.0, u).view(-1, 1, 1, 1)


def paint(batch: Batch, u: Tensor) -> Batch:
    """One colour for foregrounds, a dark one for half of them: silhouettes."""
    dark = torch.where(u[:, 0:1] < 0.5, 0.25, 1.0)
    colour = (u[:, 1:4] * dark)[..., None, None]
    return repaint(batch, colour, _share(u[:, 5]))


def weave(batch: Batch, u: Tensor) -> Batch:
    """Foregrounds with the pattern of another part of their own background, lighter or darker.

    They are of its colours, and solid all the same: `u` is (B, 6).
    """
    other = batch.background.flip(2, 3)
    turned = (u[:, 0] < 0.5).view(-1, 1, 1, 1)
    other = torch.where(turned, _transposed(other), other)
    gain = torch.where(u[:, 1:2] < 0.3, 1.0, 0.5 + 0.8 * u[:, 1:2] + 0.2 * u[:, 2:5])
    colour = (other * gain[..., None, None]).clamp_(0, 1)
    return repaint(batch, colour, _share(u[:, 5]))


def _transposed(pictures: Tensor) -> Tensor:
    """Rows as columns in the same shape (B, C, H, W): a turned pattern, mirrored where it ends."""
    turned = pictures.transpose(2, 3)
    for axis, length in ((2, pictures.shape[2]), (3, pictures.shape[3])):
        there = turned.shape[axis]
        steps = torch.arange(length) % (2 * there)
        turned = turned.index_select(axis, torch.minimum(steps, 2 * there - 1 - steps))
    return turned


def shade(batch: Batch, u: Tensor) -> Batch:
    """A soft elliptic shadow at the feet of foregrounds; none where there is no foreground."""
    total = batch.mask[:, 0].sum((1, 2), keepdim=True)
    weight = batch.mask[:, 0] / (total + 1e-6)  # (B, H, W)
    rows, columns = (torch.arange(side, dtype=torch.float32) for side in batch.mask.shape[-2:])

    def place(weights: Tensor, line: Tensor) -> tuple[Tensor, Tensor]:
        centre = (weights * line).sum(1)
        spread = (weights * (line - centre[:, None]).square()).sum(1).sqrt()
        return centre, 1 + spread

    (x, wide), (y, high) = place(weight.sum(1), columns), place(weight.sum(2), rows)
    x, y = x + (u[:, 0] - 0.5) * wide, y + (1 + u[:, 1]) * high
    wide, high = wide * (0.7 + 1.8 * u[:, 2]), high * (0.15 + 0.85 * u[:, 3])
    across = ((columns - x[:, None]) / wide[:, None]).square()[:, None, :]  # (B, 1, W)
    down = ((rows - y[:, None]) / high[:, None]).square()[:, :, None]  # (B, H, 1)
    soft = (2 + 14 * u[:, 4].square())[:, None, None]
    depth = (0.3 + 0.7 * u[:, 6])[:, None, None] * (total > 0)
    shadow = depth * torch.sigmoid(soft * (1 - (across + down).sqrt()))
    return cast_shadow(batch, shadow[:, None])


def compress(images: Tensor, chosen: Tensor, u: Tensor) -> None:
    """Put `chosen` (B,) of (B, 3, H, W) through a JPEG of quality 80 to 97, `u` (B,) of the way.

    Computed pixels have no noise: a network could tell them from stored ones by that.
    """
    rows = torch.nonzero(chosen)[:, 0]
    pixels = images[rows].mul_(255).round_().byte().permute(0, 2, 3, 1).contiguous()
    for row, image in zip(rows.tolist(), pixels.numpy(), strict=True):  # (H, W, 3)
        stored = decode_jpeg(encode_jpeg(image, 80 + int(18 * float(u[row]))))
        images[row] = torch.from_numpy(stored).permute(2, 0, 1)
        images[row].div_(255)


def engraving(batch: Batch, u: Tensor) -> Tensor:
    """What an engraver keeps of foregrounds: where they, or their backgrounds, are dark (or light).

    Lines, leaves and lattice as pictures have them: (B, 1, H, W) in [0, 1].
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
