"""What a network says of a pair of pictures."""

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of a pair of pictures, at the composite's own size.

    `mask` float32 (H, W) in [0, 1]; `depth` float32 (H, W) in the kind and unit the network was
    trained on, `depth_unit` the same in [0, 1]; `cutout` uint8 (H, W, 4), straight alpha. None
    where the network has no such head.
    """

    mask: NDArray[np.float32] | None
    depth: NDArray[np.float32] | None
    depth_unit: NDArray[np.float32] | None
    cutout: NDArray[np.uint8] | None
