"""The connected parts of a set of pixels."""

import numpy as np
from numpy.typing import NDArray

from pipeline.sources.parts import join_runs, touching_runs


def number_parts(pixels: NDArray[np.bool_], *, diagonal: bool) -> NDArray[np.int32]:
    """The part of each pixel, int32 (H, W): 0 where none is set, else from 1 in order of rows.

    `diagonal`: whether pixels that touch at a corner are connected.
    """
    height, width = pixels.shape
    padded = np.zeros((height, width + 2), np.bool_)  # a free column parts the rows
    padded[:, 1:-1] = pixels
    edges = np.flatnonzero(np.diff(padded.ravel())) + 1
    starts, ends = edges[::2], edges[1::2]
    pairs = touching_runs(starts, ends, width + 2, diagonal=diagonal)
    first_runs = join_runs(*pairs, len(starts))
    numbers = np.unique(first_runs, return_inverse=True)[1].astype(np.int32) + 1
    labels = np.zeros((height, width), np.int32)
    labels[pixels] = np.repeat(numbers, ends - starts)
    return labels
