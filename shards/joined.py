"""Data sets read together as one: equal in size and depth, and no source on both sides."""

import copy
import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any, overload

from joblib import Parallel, delayed

from shards.errors import InputError, RunError
from shards.keys import SPLITS, record_name
from shards.manifest import largest_values, read_record
from shards.moments import NOTHING, Moments
from shards.reader import Dataset, Span, require_split
from shards.recount import recount_span, stats_of_sums
from shards.remote import fetch
from shards.sample import Sample


class JoinedDataset(Sequence[Sample]):
    """Several data sets as one, in the order given: all train samples, then all val samples.

    A source that is val in any of them is val in all: train samples that show it are left out,
    `left_out` of them. The interface is that of `Dataset`; a sample's own key and position are
    those in its data set.
    """

    def __init__(self, members: Sequence[Dataset]) -> None:
        _require_alike(members)
        self.members = tuple(members)
        self.size, self.depth = members[0].size, members[0].depth
        self._kept = [
            {"train": kept, "val": range(len(member.split("val")))}
            for member, kept in zip(members, _kept_for_training(members), strict=True)
        ]
        self.left_out = sum(
            len(member.split("train")) - len(kept["train"])
            for member, kept in zip(members, self._kept, strict=True)
        )
        self._choose(SPLITS)

    def _choose(self, splits: tuple[str, ...]) -> None:
        self._runs = [
            (member, split, kept[split])
            for split in splits
            for member, kept in zip(self.members, self._kept, strict=True)
        ]
        self._ends = list(accumulate(len(positions) for _, _, positions in self._runs))

    def split(self, name: str) -> "JoinedDataset":
        """The samples of one split ("train" or "val") of all data sets."""
        require_split(name)
        part = copy.copy(self)
        part._choose((name,))
        return part

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, index: int) -> Sample: ...
    @overload
    def __getitem__(self, index: slice) -> list[Sample]: ...
    def __getitem__(self, index: int | slice) -> Sample | list[Sample]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"sample {index} of a data set of {len(self)}")
        return self.member_at(place).sample(*self._key_at(place))

    def member_at(self, place: int) -> Dataset:
        """The data set that the sample at `place` is read from."""
        return self._runs[bisect_right(self._ends, place)][0]

    def _key_at(self, place: int) -> tuple[str, int]:
        """Split and position, within its data set, of the sample at `place`."""
        run = bisect_right(self._ends, place)
        _, split, positions = self._runs[run]
        return split, int(positions[place - self._ends[run]])  # from the run's end

    def sample(self, split: str, position: int) -> Sample:
        """The sample at `position` among those of `split`."""
        return self.split(split)[position]

    def spans(self) -> Iterator[Span]:
        """The samples, shard by shard: what may be read in parallel."""
        for member, split, positions in self._runs:
            yield from member.spans(split, positions)

    @property
    def digest(self) -> str:
        """The digest of the only data set, or the SHA-256 of all digests, a line each."""
        digests = [member.digest for member in self.members]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()

    @cached_property
    def stats(self) -> dict[str, Any]:
        """Mean and std as in dataset.json, over the samples that are not left out.

        Exactly merged from commit records; shards with samples left out are read.
        """
        sums: dict[str, dict[str, Moments]] = {split: {} for split in SPLITS}
        partial: list[Span] = []
        whole = copy.copy(self)
        whole._choose(SPLITS)
        for span in whole.spans():
            fetch(span.path, record_name(span.shard))
            record = read_record(span.path, span.shard)
            if record is None:
                raise RunError(
                    str(span.path / span.shard),
                    expected="its commit record",
                    found="none",
                    remedy="`depthmask verify --repair` makes it again",
                )
            if len(span.positions) == record.samples:
                _add(sums[span.split], record.sums)
            else:
                partial.append(span)
        counts = Parallel(n_jobs=-1)(delayed(recount_span)(span) for span in partial)
        for span, recount in zip(partial, counts, strict=True):
            _add(sums[span.split], recount.sums)
        depth = None if self.depth is None else self.depth.to_json()
        return stats_of_sums(sums, largest_values(depth))

    def close(self) -> None:
        """Release every open shard."""
        for member in self.members:
            member.close()


AnyDataset = Dataset | JoinedDataset
"""What `open_dataset` gives for one folder, or for several."""


def _add(sums: dict[str, Moments], more: dict[str, Moments]) -> None:
    for field, moments in more.items():
        sums[field] = sums.get(field, NOTHING) + moments


def _require_alike(members: Sequence[Dataset]) -> None:
    first = members[0]
    for index, member in enumerate(members):
        ours, theirs = _in_words(first), _in_words(member)
        if ours != theirs:
            raise InputError(
                str(member.path),
                expected=f"{ours}, as {first.path} has",
                found=theirs,
                remedy="read them apart, or build them with equal --size and depth options",
            )
        if member.digest in [other.digest for other in members[:index]]:
            raise InputError(
                str(member.path),
                expected="a data set that is not read yet",
                found="the same one twice",
                remedy="name each data set once",
            )


def _in_words(dataset: Dataset) -> str:
    words = f"{dataset.size} x {dataset.size} pixels"
    coding = dataset.depth
    if coding is None:
        return f"{words} without depth"
    return (
        f"{words} with {coding.kind} depth in {coding.unit}, {coding.bits} bits at "
        f"{coding.size} x {coding.size}, value = {coding.offset:g} + {coding.scale:.9g} * code"
    )


def _kept_for_training(members: Sequence[Dataset]) -> list[Sequence[int]]:
    """Train positions of each member that show no source which any member holds out."""
    held_out = {
        (role, source["sha256"])
        for member in members
        for role in ("fg", "bg")
        for source in member.manifest["sources"][role]
        if source["split"] == "val"
    }
    return [_without(member, held_out) for member in members]


def _without(member: Dataset, held_out: set[tuple[str, str]]) -> Sequence[int]:
    shown = {
        (role, source["name"])
        for role in ("fg", "bg")
        for source in member.manifest["sources"][role]
        if source["split"] != "val" and (role, source["sha256"]) in held_out
    }
    count = len(member.split("train"))
    if not shown:
        return range(count)
    kept = []
    for position in range(count):
        info = member.sample("train", position).info
        if ("fg", info.get("foreground")) not in shown and (
            "bg",
            info.get("background"),
        ) not in shown:
            kept.append(position)
    return array("q", kept)
