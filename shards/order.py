"""The order of an epoch: a pure function of (count, seed, epoch), the same on every machine."""

import numpy as np
from numpy.typing import NDArray

_STAGE_ORDER = 2


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Positions 0..count-1 in the order that `epoch` visits them, int64 (count,).

    Ranks of Philox bits, which numpy promises to keep; its own shuffles it does not.
    """
    bits = np.random.Philox(key=(seed, _STAGE_ORDER), counter=(0, 0, epoch, 0)).random_raw(count)
    return np.argsort(bits, kind="stable").astype(np.int64)
