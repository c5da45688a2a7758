"""A source: a usable picture, with what stands of it in plan.json."""

import dataclasses
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any, Literal

from shards.records.source_identity import identity_of

Role = Literal["fg", "bg", "distractors"]
ROLE_NAMES: dict[Role, str] = {
    "fg": "foreground",
    "bg": "background",
    "distractors": "distractor",
}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class AlphaFile:
    """A grey picture that is another one's alpha: its name below its root, and SHA-256."""

    name: str
    sha256: str


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A usable picture: its name below the root, SHA-256, size (width, height), and split.

    `alpha` is None where the picture has its own, `part` where all of it is used, `category` for
    backgrounds. `group` is the folder it lies in, "" at the root.
    """

    name: str
    sha256: str
    size: tuple[int, int]
    alpha: AlphaFile | None = None
    part: int | None = None
    category: str | None = None
    group: str = ""
    split: str = ""

    @property
    def identity(self) -> str:
        """What is equal in sources that show the same pixels."""
        return identity_of(dataclasses.asdict(self))

    @property
    def alpha_lies_beside(self) -> bool:
        """Whether its alpha file lies beside it, as NAME_mask.png or NAME_alpha.png."""
        return self.alpha is not None and alpha_lies_beside(self.name, self.alpha.name)

    def to_json(self) -> dict[str, Any]:
        """The source's entry in plan.json."""
        return dataclasses.asdict(self) | {"size": list(self.size)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Source":
        """The inverse of `to_json`."""
        alpha = values["alpha"] and AlphaFile(**values["alpha"])
        return cls(**(values | {"size": tuple(values["size"]), "alpha": alpha}))


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """A file that cannot be used, and why."""

    path: str
    reason: str


def stem_of(name: str) -> str:
    """A name below a root without the ending of its file."""
    return str(PurePosixPath(name).with_suffix(""))


def alpha_lies_beside(name: str, alpha: str) -> bool:
    """Whether an alpha file of that name lies beside its picture: in --fg-alpha it has its stem."""
    return stem_of(alpha) != stem_of(name)


def group_of(name: str) -> str:
    """The folder that a name lies in below the root, "" at the root itself."""
    return name.rpartition("/")[0]


def category_of(name: str, at_the_root: str) -> str:
    """The category of a foreground: the first folder below the root."""
    first, slash, _ = name.partition("/")
    return first if slash else at_the_root


def categories_of(sources: Iterable[Source]) -> list[str]:
    """The names of all categories in order: the first has id 1."""
    return sorted({source.category for source in sources if source.category is not None})
