"""The parts of a picture: the connected pieces of its alpha."""

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.alpha import LEAST_ALPHA

LEAST_SHARE = 20
"""A part has over 1 / LEAST_SHARE of the picture's alpha."""


def label_parts(alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """(H, W) of a picture's alpha (H, W): 0 where no part is, else the part's number from 1.

    Pixels from LEAST_ALPHA on that touch, be it at a corner, are one part, if they hold over 5 %
    of all their alpha. Parts are numbered by their first pixel, row by row.
    """
    height, width = alpha.shape
    padded = np.zeros((height, width + 2), np.uint8)  # a free column parts the rows
    padded[:, 1:-1] = alpha
    padded[padded < LEAST_ALPHA] = 0
    flat = padded.ravel()
    edges = np.flatnonzero(np.diff(flat > 0)) + 1
    starts, ends = edges[::2], edges[1::2]  # of runs along rows
    if not len(starts):
        return np.zeros(alpha.shape, np.uint8)
    first_runs = join_runs(*touching_runs(starts, ends, width + 2), len(starts))
    sums = np.add.reduceat(flat, edges, dtype=np.int64)[::2]
    totals = np.bincount(first_runs, weights=sums, minlength=len(starts)).astype(np.int64)
    kept = np.flatnonzero(LEAST_SHARE * totals > totals.sum())  # under 20
    numbers = np.zeros(len(starts), np.uint8)
    numbers[kept] = np.arange(1, len(kept) + 1)
    steps = np.zeros(flat.size, np.uint8)
    steps[starts] = numbers[first_runs]
    steps[ends] -= numbers[first_runs]
    labels: NDArray[np.uint8] = np.cumsum(steps, dtype=np.uint8).reshape(height, width + 2)
    return labels[:, 1:-1]


def touching_runs(
    starts: NDArray[np.intp], ends: NDArray[np.intp], stride: int, *, diagonal: bool = True
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pairs (upper, lower) of runs that touch in neighbouring rows; `diagonal`: also at corners.

    Places of all rows count on, `stride` from row to row, with a free one between them.
    """
    first = np.searchsorted(ends, starts + stride - diagonal, "right")
    last = np.searchsorted(starts, ends + stride + diagonal, "left")
    counts = np.maximum(last - first, 0)
    upper = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return upper, np.repeat(first, counts) + within


def join_runs(left: NDArray[np.intp], right: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """For each of `count` runs the first run that it is connected with, by the pairs."""
    roots = np.arange(count)
    while True:
        ours, theirs = roots[left], roots[right]
        apart = ours != theirs
        if not apart.any():
            return roots
        left, right, ours, theirs = left[apart], right[apart], ours[apart], theirs[apart]
        np.minimum.at(roots, np.maximum(ours, theirs), np.minimum(ours, theirs))
        while True:  # every run straight to its root
            further = roots[roots]
            if np.array_equal(further, roots):
                break
            roots = further
