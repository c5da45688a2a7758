"""Samples by position: those of train, then val, then test, or of one of them."""

import copy
import operator
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, Self, SupportsIndex, overload

from shards.base.errors import InputError
from shards.base.keys import LISTED_SPLITS, SPLITS
from shards.reading.sample import Sample


class SplitSequence(Sequence[Sample]):
    """What data sets have in common: `split(name)` gives one split, an index or a slice samples.

    Indices are those of a list: from the end if they are negative, of numpy and torch, too.
    `counts` says how many samples each split has; where they come from is `_sample`'s matter.
    """

    def __init__(self, counts: dict[str, int]) -> None:
        self._counts = counts
        self._splits: tuple[str, ...] = SPLITS

    def split(self, name: str) -> Self:
        """The samples of one split ("train", "val" or "test")."""
        _require_split(name)
        return self._of(name)

    def _of(self, *splits: str) -> Self:
        part = copy.copy(self)  # a manifest of a large set takes a while to read and check
        part._splits = splits
        return part

    def __len__(self) -> int:
        return sum(self._counts[split] for split in self._splits)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: SupportsIndex | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self._sample(*self._locate(index))

    def _locate(self, index: SupportsIndex) -> tuple[str, int]:
        """Split, and position within it, of a sample by its index."""
        index = operator.index(index)
        position = index + len(self) if index < 0 else index
        for split in self._splits:
            if 0 <= position < self._counts[split]:
                return split, position
            position -= self._counts[split]
        raise IndexError(f"sample {index} of a data set of {len(self)}")

    def sample(self, split: str, position: SupportsIndex) -> Sample:
        """The sample at `position` of `split`; IndexError where there is none."""
        _require_split(split)
        wanted = operator.index(position)
        if not 0 <= wanted < self._counts[split]:
            raise IndexError(f"position {wanted} of {split}, which has {self._counts[split]}")
        return self._sample(split, wanted)

    @property
    @abstractmethod
    def categories(self) -> dict[str, int]:
        """The ids of the objects' categories by name, from 1, in order of name: a copy.

        A set taken over from plain folders has one, without a name.
        """

    @property
    def stats(self) -> dict[str, Any]:
        """Mean and std of each field as in dataset.json, over all and by split: a copy."""
        return copy.deepcopy(self._stats)

    @property
    @abstractmethod
    def _stats(self) -> dict[str, Any]:
        """The same, as they are kept."""

    @abstractmethod
    def _sample(self, split: str, position: int) -> Sample:
        """The sample at a position that there is."""


def _require_split(name: str) -> None:
    if name not in SPLITS:
        raise InputError(
            "split", expected=LISTED_SPLITS, found=repr(name), remedy="name one of them"
        )
