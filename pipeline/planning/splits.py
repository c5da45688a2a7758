"""Which split a source belongs to: by rank of a hash of its content, never by a seed."""

import dataclasses
import hashlib
import os
from collections.abc import Collection, Mapping, Sequence, Set

from pipeline.sources.source import Source
from shards.base.names import printable

BOTH = "both"
"""The split of a source that any split may show (`--split-by sample`)."""

_NAMED = 6


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
    identities = _GROUPINGS[split_by](fg), _GROUPINGS[split_by](bg)
    if any(len(set(of_kind)) == 1 for of_kind in identities):
        val = test = 0
    return _split(fg, identities[0], val, test), _split(bg, identities[1], val, test)


def assign_distractors(
    distractors: Sequence[Source], val: float, test: float, split_by: str
) -> list[Source]:
    """Distractors with their splits filled in; one alone is shown in training only."""
    if split_by == "sample":
        return [dataclasses.replace(source, split=BOTH) for source in distractors]
    return _split(distractors, _GROUPINGS[split_by](distractors), val, test)


def split_sources(sources: Sequence[Source], val: float, test: float = 0) -> list[Source]:
    """The same sources with `split` filled in, each identity for itself."""
    return _split(sources, _contents(sources), val, test)


def _split(
    sources: Sequence[Source], identities: Sequence[str], val: float, test: float
) -> list[Source]:
    """The sources with these identities by split: the first by rank are val, the next test.

    No seed enters: an identity falls on the same side in every data set that has the same number
    of them.
    """
    ranked = sorted(
        set(identities),
        key=lambda one: hashlib.sha256(b"depthmask split\0" + os.fsencode(one)).digest(),
    )
    of_val, of_test = held_out(len(ranked), val, test)
    splits = dict.fromkeys(ranked, "train")
    splits |= dict.fromkeys(ranked[:of_val], "val")
    splits |= dict.fromkeys(ranked[of_val : of_val + of_test], "test")
    return [
        dataclasses.replace(source, split=splits[identity])
        for source, identity in zip(sources, identities, strict=True)
    ]


def _contents(sources: Sequence[Source]) -> list[str]:
    """What each source is held out as by source: its content."""
    return [source.identity for source in sources]


def _groups(sources: Sequence[Source]) -> list[str]:
    """What each source is held out as by group: its folder; at the root, its content.

    Groups that share a picture are one, by the first of their names.
    """
    names = [source.group or source.identity for source in sources]
    at_the_root = {name for name, source in zip(names, sources, strict=True) if not source.group}
    roots: dict[str, str] = {}

    def root_of(name: str) -> str:
        while (above := roots.get(name, name)) != name:
            roots[name] = roots.get(above, above)
            name = above
        return name

    seen: dict[str, str] = {}
    for name, source in zip(names, sources, strict=True):
        one, other = root_of(name), root_of(seen.setdefault(source.sha256, name))
        if one != other:  # a folder's name goes before a content
            first, second = sorted((one, other), key=lambda n: (n in at_the_root, os.fsencode(n)))
            roots[second] = first
    return [root_of(name) for name in names]


_GROUPINGS = {"source": _contents, "group": _groups}


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


def lacking(shares: Mapping[str, float], cells: Mapping[str, int], split_by: str) -> list[str]:
    """Which of the splits that have a share held out have no cells, a line each."""
    where = ", in different folders" if split_by == "group" else ""
    needed = ("one", "two", "three")[sum(share > 0 for share in shares.values())]
    return [
        f"no {split} split: it takes {needed} different pictures of each kind{where}"
        for split, share in shares.items()
        if share > 0 and cells[split] == 0
    ]


def without_a_category(shown: Mapping[str, Set[str]], names: Sequence[str]) -> list[str]:
    """Which of the categories `names` the splits do not show, a line for each split."""
    missing = {split: [n for n in names if n not in found] for split, found in shown.items()}
    return [
        f"no {_listed(lacks)} in {split}: add such foregrounds, or hold out another share"
        for split, lacks in missing.items()
        if lacks
    ]


def without_distractors(shown: Collection[str], distractors: Sequence[Source]) -> list[str]:
    """Which of the splits `shown` have none of the distractors that there are, a line for each."""
    splits = {source.split for source in distractors}
    if not splits or BOTH in splits:
        return []
    return [f"no distractors in {split}: add more" for split in shown if split not in splits]


def _listed(words: Sequence[str]) -> str:
    """At most _NAMED words, safe to show, and how many more there are."""
    words = [printable(word) for word in words]
    if len(words) > _NAMED:
        return ", ".join(words[:_NAMED]) + f" and {len(words) - _NAMED} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))
