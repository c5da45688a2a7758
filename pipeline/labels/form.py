"""What a form of labels is: the files of a sample, and those of a whole split or data set."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from shards.reading.sample import Sample

HIDDEN, HOLED, HOLES, APART, WRITTEN = "hidden", "with_holes", "hole_pixels", "in_parts", "objects"
"""What is counted of objects: those written, those left out because nothing of them is seen, those
with holes and how many pixels those have, those in several parts."""


@dataclasses.dataclass(frozen=True, slots=True)
class SampleLabels:
    """The labels of one sample.

    `files` have contents by path below the folder, `rows` what is collected by table, `counts`
    what was written and what the form cannot hold.
    """

    files: dict[str, bytes]
    rows: dict[str, list[bytes]]
    counts: Counter[str]


def category_name(name: str) -> str:
    """What a category is called: in a set taken over from plain folders, it has no name."""
    return name or "object"


@dataclasses.dataclass(frozen=True, slots=True)
class LabelledSet:
    """What the files of a whole set are made from."""

    categories: Mapping[str, int]
    samples: Mapping[str, int]
    digest: str


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """A file of a whole set: `parts` are its bytes, or the name of a table to put there."""

    path: str
    parts: Sequence[bytes | str]


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """How labels are written for others.

    `image` gives the path of a sample's picture, `label` its labels by the ids of categories,
    `documents` the files of the whole set, in which `separator` stands between rows.
    """

    image: Callable[[Sample], str]
    label: Callable[[Sample, Mapping[str, int]], SampleLabels]
    documents: Callable[[LabelledSet], Sequence[Document]]
    separator: bytes = b"\n"
