"""Sheets of samples and predictions: the grid of a training, the worst of an evaluation."""

import matplotlib
import numpy as np
from numpy.typing import NDArray

from depthmask.data.batch import Batch

_COLOURS = "inferno"


def depth_colours(depth: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Depth in [0, 1], (H, W), as uint8 (H, W, 3): one fixed colour map, no stretching."""
    coloured = matplotlib.colormaps[_COLOURS](np.clip(depth, 0, 1), bytes=True)
    return np.ascontiguousarray(coloured[..., :3])


def _bytes(unit: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8)


def _grey(unit: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.repeat(_bytes(unit)[..., None], 3, axis=-1)


def grid_row(
    image: NDArray[np.float32],
    background: NDArray[np.float32],
    masks: tuple[NDArray[np.float32], NDArray[np.float32] | None],
    depths: tuple[NDArray[np.float32], NDArray[np.float32] | None],
) -> NDArray[np.uint8]:
    """One row of the grid: composite, background, then truth and prediction of mask and depth.

    Pictures (3, H, W), maps (H, W), all in [0, 1]; a missing prediction leaves its pair out.
    """
    tiles = [_bytes(image.transpose(1, 2, 0)), _bytes(background.transpose(1, 2, 0))]
    if masks[1] is not None:
        tiles += [_grey(masks[0]), _grey(masks[1])]
    if depths[1] is not None:
        tiles += [depth_colours(depths[0]), depth_colours(depths[1])]
    return np.concatenate([np.pad(tile, ((1, 1), (1, 1), (0, 0))) for tile in tiles], axis=1)


def draw_sheet(
    batch: Batch, mask: NDArray[np.float32] | None, depth: NDArray[np.float32] | None
) -> NDArray[np.uint8]:
    """A row of the grid for each sample of a batch and predictions (B, h, w): uint8 (H, W, 3)."""
    rows = [
        grid_row(
            batch.image[i].numpy(),
            batch.background[i].numpy(),
            (batch.mask[i, 0].numpy(), None if mask is None else mask[i]),
            (batch.depth[i, 0].numpy(), None if depth is None else depth[i]),
        )
        for i in range(len(batch.mask))
    ]
    return np.concatenate(rows)
