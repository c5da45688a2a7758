"""Pictures whose sides become multiples of a network's stride, whatever their size."""

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(picture: Tensor, multiple: int) -> Tensor:
    """(B, C, H, W) with its last row and column repeated until `multiple` divides both sides.

    There is no branch for sides that fit already: an exported network is the same at every size.
    """
    height, width = picture.shape[-2:]
    down = (height + multiple - 1) // multiple * multiple - height
    across = (width + multiple - 1) // multiple * multiple - width
    return F.pad(picture, (0, across, 0, down), mode="replicate")


def crop(maps: Tensor, height: int, width: int) -> Tensor:
    """(B, C, H, W) -> (B, C, height, width): the first rows and columns."""
    if torch.compiler.is_exporting():
        # A slice would ask for a proof that it is not longer than the maps, at every size.
        rows = torch.arange(height, device=maps.device)
        columns = torch.arange(width, device=maps.device)
        return maps.index_select(-2, rows).index_select(-1, columns)
    return maps[..., :height, :width]
