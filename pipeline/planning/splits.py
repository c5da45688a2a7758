"""Which split a source belongs to: by rank of a hash of its content, never by a seed."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

from pipeline.sources.find import Source

BOTH = "both"
"""The split of a source that any split may show (`--split-by sample`)."""


def assign_splits(
    fg: Sequence[Source], bg: Sequence[Source], val: float, test: float, split_by: str
) -> tuple[list[Source], list[Source]]:
    """Foregrounds and backgrounds with their splits filled in.

    All train when either kind has one identity only: its pictures would have to be held out and
    shown at once.
    """
    if split_by == "sample":
        return (
            [dataclasses.replace(source, split=BOTH) for source in fg],
            [dataclasses.replace(source, split=BOTH) for source in bg],
        )
    if 1 in (len({s.sha256 for s in fg}), len({s.sha256 for s in bg})):
        val = test = 0
    return split_sources(fg, val, test), split_sources(bg, val, test)


def split_sources(sources: Sequence[Source], val: float, test: float = 0) -> list[Source]:
    """The same sources with `split` filled in: the first by rank are val, the next test.

    Equal files are one identity. No seed enters: a picture falls on the same side in every data
    set that has the same number of identities.
    """
    identities = sorted(
        {source.sha256 for source in sources},
        key=lambda sha256: hashlib.sha256(b"depthmask split\0" + sha256.encode()).digest(),
    )
    of_val, of_test = held_out(len(identities), val, test)
    splits = dict.fromkeys(identities, "train")
    splits |= dict.fromkeys(identities[:of_val], "val")
    splits |= dict.fromkeys(identities[of_val : of_val + of_test], "test")
    return [dataclasses.replace(source, split=splits[source.sha256]) for source in sources]


def held_out(count: int, val: float, test: float) -> tuple[int, int]:
    """How many of `count` identities are val, and test: of two or more some are left to train.

    At least one is val where `val` is not 0; test gets what is left beside one for train, so it
    may get none.
    """
    of_val = _share(count, val, count - 1)
    return of_val, _share(count, test, count - 1 - of_val)


def _share(count: int, fraction: float, most: int) -> int:
    if fraction == 0 or count == 1:
        return 0
    if fraction == 1:
        return count
    return min(most, max(1, int(fraction * count + 0.5)))


def sizes_of(
    cells: dict[str, int], wanted: int | None, val: float, test: float, split_by: str
) -> dict[str, int]:
    """Samples of each split: all its cells, or its share of the `wanted` ones.

    By sample every split has the same cells, those of the whole plan.
    """
    if split_by == "sample":
        wanted = cells["train"] if wanted is None else min(wanted, cells["train"])
    if wanted is None:
        return cells
    of_val = min(cells["val"], int(val * wanted + 0.5))
    of_test = min(cells["test"], int(test * wanted + 0.5), wanted - of_val)
    of_train = min(cells["train"], wanted - of_val - of_test)
    return {"train": of_train, "val": of_val, "test": of_test}


def row_of(split: str, position: int, cells: int, val: float) -> int:
    """The row of a sample in the one permuted row of all cells (`--split-by sample`).

    Train begins at its start, val at its end, test before all that val can ever have: so none
    moves when the data set grows.
    """
    if split == "train":
        return position
    before = 0 if split == "val" else int(val * cells + 0.5)
    return cells - 1 - before - position


def lacking(shares: Mapping[str, float], cells: Mapping[str, int]) -> list[str]:
    """Which of the splits that have a share held out have no cells, a line each."""
    needed = {2: "two", 3: "three"}[1 + sum(share > 0 for share in shares.values())]
    return [
        f"no {split} split: it takes {needed} different pictures of each kind"
        for split, share in shares.items()
        if share > 0 and cells[split] == 0
    ]
