"""Which pixels an object has, as COCO writes them: run lengths down the columns, compressed.

The same text as pycocotools gives, without its C.
"""

import numpy as np
from numpy.typing import NDArray

_GROUP = 5
"""Bits of a count in one character; a sixth says that more follow."""

_FIRST_CHARACTER = 48


def run_lengths(instances: NDArray[np.uint8]) -> dict[int, str]:
    """The compressed run lengths of each number but 0 in `instances` (H, W)."""
    flat = instances.T.ravel()  # column after column
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts, ends = np.append([0], edges), np.append(edges, flat.size)
    owners = flat[starts]
    found = {}
    for number in np.unique(owners[owners > 0]).tolist():
        mine = owners == number
        found[number] = compress_counts(_counts(starts[mine], ends[mine], flat.size))
    return found


def _counts(starts: NDArray[np.int64], ends: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Pixels outside, inside, outside, … of runs that begin and end at these places."""
    borders = np.stack([starts, ends], 1).ravel()  # (n, 2) -> (2 n,)
    counts = np.diff(borders, prepend=0)
    return counts if borders[-1] == total else np.append(counts, total - borders[-1])


def compress_counts(counts: NDArray[np.int64]) -> str:
    """Run lengths as the text that COCO has for them.

    From the fourth on each is the difference to the one two before; in groups of 5 bits, lowest
    first, until what is left is the sign of the last.
    """
    left = counts.astype(np.int64)
    left[3:] -= counts[1:-2]
    characters, shown = [], []
    unfinished = np.ones(len(left), np.bool_)
    while unfinished.any():
        group = left & 31
        left = left >> _GROUP
        shown.append(unfinished)
        unfinished = unfinished & np.where(group & 16, left != -1, left != 0)
        characters.append(group + 32 * unfinished + _FIRST_CHARACTER)
    text = np.stack(characters, 1)[np.stack(shown, 1)]  # a count's groups beside each other
    return text.astype(np.uint8).tobytes().decode("ascii")
