"""Maps of a plain transformer, all of one stride, as a pyramid from fine to coarse.

Transformers keep one stride throughout. As Ranftl et al. (DPT, 2021) do, maps from earlier blocks
stand for finer levels and later ones for coarser; as Li et al. (ViTDet, 2022) do, the levels are a
quarter, a half, once and twice the stride. Nothing here is learnt, so an encoder with pretrained
weights has no random part.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor


def is_flat(strides: Sequence[int]) -> bool:
    """Whether there are several maps, all of one stride."""
    return len(strides) > 1 and len(set(strides)) == 1


def pyramid_strides(stride: int) -> tuple[int, ...]:
    """A quarter, a half, once and twice the stride, as far as these are whole."""
    finer = (stride // part for part in (4, 2) if stride % part == 0)
    return (*finer, stride, 2 * stride)


def tap_indices(blocks: int, levels: int) -> list[int]:
    """After which blocks the levels' maps are taken: evenly spread, the last one included."""
    return sorted({max(0, blocks * (level + 1) // levels - 1) for level in range(levels)})


def spread_maps(maps: Sequence[Tensor], stride: int, strides: Sequence[int]) -> list[Tensor]:
    """Maps (B, C, H / stride, W / stride), an earlier block's first -> map i at strides[i].

    Bilinear where a level is finer, means of 2 x 2 where it is coarser.
    """
    return [_scale(each, stride, wanted) for each, wanted in zip(maps, strides, strict=True)]


def _scale(maps: Tensor, stride: int, wanted: int) -> Tensor:
    if wanted == stride:
        return maps
    if wanted > stride:
        return F.avg_pool2d(maps, wanted // stride)
    height, width = maps.shape[-2:]
    size = (height * (stride // wanted), width * (stride // wanted))
    return F.interpolate(maps, size=size, mode="bilinear", align_corners=False)
