"""Connected parts of a set of pixels, found by its runs: pixels of a row that touch."""

import numpy as np
from numpy.typing import NDArray


def label_parts(pixels: NDArray[np.bool_], *, diagonal: bool) -> NDArray[np.int32]:
    """The part of each pixel, int32 (H, W): 0 where none is set, else from 1 in order of rows.

    `diagonal`: whether pixels that touch at a corner are connected.
    """
    height, width = pixels.shape
    edges = np.diff(np.pad(pixels.astype(np.int8), ((0, 0), (1, 1))), axis=1)  # (H, W + 1)
    rows, starts = np.nonzero(edges == 1)
    ends = np.nonzero(edges == -1)[1]
    of_run = _join(len(rows), _touching(rows, starts, ends, width, int(diagonal)))
    labels = np.zeros(height * width, np.int32)
    labels[pixels.ravel()] = np.repeat(of_run, ends - starts)
    return labels.reshape(height, width)


def _touching(
    rows: NDArray[np.int64],
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
    width: int,
    reach: int,
) -> list[tuple[int, int]]:
    """Pairs of runs, of which the second is in the row below the first and touches it."""
    stride = width + 3  # a run's reach stays within its row
    below = (rows + 1) * stride
    first = np.searchsorted(rows * stride + ends, below + starts - reach, "right")
    behind = np.searchsorted(rows * stride + starts, below + ends + reach, "left")
    counts = np.maximum(behind - first, 0)
    upper = np.repeat(np.arange(len(rows)), counts)
    within = np.arange(len(upper)) - np.repeat(np.cumsum(counts) - counts, counts)
    lower = np.repeat(first, counts) + within
    return list(zip(upper.tolist(), lower.tolist(), strict=True))


def _join(runs: int, touching: list[tuple[int, int]]) -> NDArray[np.int32]:
    """The part of each run, from 1, in order of the parts' first runs."""
    parents = list(range(runs))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = run = parents[parents[run]]
        return run

    for upper, lower in touching:
        one, other = root(upper), root(lower)
        parents[max(one, other)] = min(one, other)
    firsts = [root(run) for run in range(runs)]
    return (np.unique(firsts, return_inverse=True)[1] + 1).astype(np.int32).reshape(runs)
