"""Some samples as tensors: what a step of training, and a look at val, take."""

import dataclasses
from typing import Self

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


@dataclasses.dataclass(frozen=True, slots=True)
class Batch:
    """Pictures (B, 3, H, W), mask and depth (B, 1, H, W), float32 in [0, 1], and their positions.

    `depth_known` (B,) says for which samples `depth` is a target: not where parts of the
    foreground were cut away, nor where the data set has none.
    """

    image: Tensor
    background: Tensor
    mask: Tensor
    depth: Tensor
    depth_known: Tensor
    positions: NDArray[np.int64]

    def rows(self, rows: Tensor) -> Self:
        """The samples in `rows` (C,), as new tensors."""
        return dataclasses.replace(
            self,
            image=self.image[rows],
            background=self.background[rows],
            mask=self.mask[rows],
            depth=self.depth[rows],
            depth_known=self.depth_known[rows],
            positions=self.positions[rows.numpy()],
        )
