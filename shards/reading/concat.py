"""Data sets read together as one: equal in size and depth, and no source on both sides."""

import hashlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Any

from joblib import Parallel, delayed

from shards.base.cores import cores
from shards.base.errors import InputError, RunError
from shards.base.keys import SPLITS, record_name
from shards.base.size import size_words
from shards.pixels.moments import NOTHING, Moments
from shards.reading.dataset import Dataset, Span
from shards.reading.recount import recount_span
from shards.reading.sample import Sample
from shards.reading.split_sequence import SplitSequence
from shards.records.categories import number_categories
from shards.records.manifest import largest_values, read_record
from shards.records.source_identity import identity_of
from shards.records.stats import stats_of_sums


class ConcatDataset(SplitSequence):
    """Several data sets as one, in the order given: all train samples, then all val, then all test.

    A source that is held out in any of them is held out in all, and test beats val: other samples
    that show it are left out, `left_out` of them. The interface is that of `Dataset`; a sample's
    own key and position are those in its data set.
    """

    def __init__(self, members: Sequence[Dataset]) -> None:
        _require_alike(members)
        self.members = tuple(members)
        self.size, self.depth = members[0].size, members[0].depth
        self._kept = _kept_of(members)
        self.left_out = sum(
            len(member.split(split)) - len(kept[split])
            for member, kept in zip(members, self._kept, strict=True)
            for split in SPLITS
        )
        self._ends = {
            split: list(accumulate(len(kept[split]) for kept in self._kept)) for split in SPLITS
        }
        super().__init__({split: ends[-1] for split, ends in self._ends.items()})

    def member_at(self, index: int) -> Dataset:
        """The data set that the sample at `index` is read from."""
        split, position = self._locate(index)
        return self.members[bisect_right(self._ends[split], position)]

    def _sample(self, split: str, position: int) -> Sample:
        ends = self._ends[split]
        number = bisect_right(ends, position)
        own = self._kept[number][split][position - ends[number]]  # counted from the member's end
        return self.members[number].sample(split, int(own))

    def spans(self) -> Iterator[Span]:
        """The samples, shard by shard: what may be read in parallel."""
        for split in self._splits:
            for member, kept in zip(self.members, self._kept, strict=True):
                yield from member.spans(split, kept[split])

    @property
    def digest(self) -> str:
        """The digest of the only data set, or the SHA-256 of all digests, a line each."""
        digests = [member.digest for member in self.members]
        if len(digests) == 1:
            return digests[0]
        return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()

    @property
    def categories(self) -> dict[str, int]:
        """The ids of all categories by name, from 1: not those that a member has by itself."""
        return number_categories(name for member in self.members for name in member.categories)

    @cached_property
    def _stats(self) -> dict[str, Any]:
        """Mean and std as in dataset.json, over the samples that are not left out.

        Exactly merged from commit records; shards with samples left out are read.
        """
        sums: dict[str, dict[str, Moments]] = {split: {} for split in SPLITS}
        partial: list[Span] = []
        for span in self._of(*SPLITS).spans():
            span.place.fetch(record_name(span.shard))
            record = read_record(span.place.folder, span.shard)
            if record is None:
                raise RunError(
                    str(span.place.folder / span.shard),
                    expected="its commit record",
                    found="none",
                    remedy="`depthmask verify --repair` makes it again",
                )
            if len(span.positions) == record.samples:
                _add(sums[span.split], record.sums)
            else:
                partial.append(span)
        counts = Parallel(n_jobs=cores())(delayed(recount_span)(span) for span in partial)
        for span, recount in zip(partial, counts, strict=True):
            _add(sums[span.split], recount.sums)
        depth = None if self.depth is None else self.depth.to_json()
        return stats_of_sums(sums, largest_values(depth))

    def close(self) -> None:
        """Release every open shard."""
        for member in self.members:
            member.close()


AnyDataset = Dataset | ConcatDataset
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
    words = f"{size_words(dataset.size)} pixels"
    coding = dataset.depth
    if coding is None:
        return f"{words} without depth"
    return (
        f"{words} with {coding.kind} depth in {coding.unit}, {coding.bits} bits at "
        f"{size_words(coding.size)}, value = {coding.offset:g} + {coding.scale:.9g} * code"
    )


def _kept_of(members: Sequence[Dataset]) -> list[dict[str, Sequence[int]]]:
    """Positions by split of each member that show no source which any member holds out further."""
    held_out: dict[tuple[str, str], str] = {}
    for member in members:
        for role, source in _sources_of(member):
            identity = role, identity_of(source)
            held_out[identity] = max(held_out.get(identity, "train"), source["split"], key=_rank)
    return [{split: _kept_in(member, split, held_out) for split in SPLITS} for member in members]


def _kept_in(member: Dataset, split: str, held_out: dict[tuple[str, str], str]) -> Sequence[int]:
    """Positions of a split whose sources no member holds out for a later one."""
    refused = {
        (role, source["name"], source["part"])
        for role, source in _sources_of(member)
        if _rank(held_out[role, identity_of(source)]) > _rank(split)
    }
    count = len(member.split(split))
    if not refused:
        return range(count)
    positions = (
        position
        for position in range(count)
        if refused.isdisjoint(_shown_by(member.sample(split, position).info))
    )
    return array("q", positions)


def _sources_of(member: Dataset) -> Iterator[tuple[str, dict[str, Any]]]:
    for role, sources in member.manifest["sources"].items():
        for source in sources:
            yield role, source


def _shown_by(info: dict[str, Any]) -> Iterator[tuple[str, str, int | None]]:
    """Role, name and part of each source that a sample shows."""
    yield "bg", info["background"], None
    for each in info["objects"]:
        yield "fg", each["foreground"], each.get("part")
    for each in info["distractors"]:
        yield "distractors", each["source"], None


def _rank(split: str) -> int:
    """Test beats val, and val beats what any split or train alone may show."""
    return SPLITS.index(split) if split in SPLITS else 0
