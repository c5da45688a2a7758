"""The order of an epoch: a pure function of (count, seed, epoch), the same on every machine.

Batches are cut from the order, and each rank of a training takes its part of every batch: ranks
and workers decide who reads a sample, never which samples a step has.
"""

import numpy as np
from numpy.typing import NDArray

_STAGE_ORDER = 2


def epoch_order(count: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """Positions 0..count-1 in the order that `epoch` visits them, int64 (count,).

    Ranks of Philox bits, which numpy promises to keep; its own shuffles it does not.
    """
    bits = np.random.Philox(key=(seed, _STAGE_ORDER), counter=(0, 0, epoch, 0)).random_raw(count)
    return np.argsort(bits, kind="stable").astype(np.int64)


def batches_of(count: int, batch_size: int) -> int:
    """How many batches it takes to visit `count` samples, the last one filled up."""
    return -(-count // batch_size)


def batch_at(order: NDArray[np.int64], begin: int, batch_size: int) -> NDArray[np.int64]:
    """The `batch_size` positions from place `begin` of an order on, int64 (batch_size,).

    Past the order's end its first positions come again: every batch is full, none is left out.
    """
    return np.take(order, np.arange(begin, begin + batch_size), mode="wrap")


def share_of(positions: NDArray[np.int64], rank: int, ranks: int) -> NDArray[np.int64]:
    """What rank `rank` of `ranks` takes of some positions: a run of them, as long as the others'.

    All ranks together take each once; lengths differ by one where they must.
    """
    begin, end = (len(positions) * edge // ranks for edge in (rank, rank + 1))
    return positions[begin:end]
