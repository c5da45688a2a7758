"""Finding and checking source pictures before the first byte of a data set is written."""

import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal

from joblib import Parallel, delayed

from pipeline.pictures import UnusablePictureError, crop_to_alpha, decode_picture, solid_share
from shards.errors import InputError

Role = Literal["fg", "bg"]
_FAINT = 0.02
_ROLE_NAMES = {"fg": "foreground", "bg": "background"}


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """A usable picture: its name below the root, SHA-256, size (width, height), and split."""

    name: str
    sha256: str
    size: tuple[int, int]
    split: str = ""

    def to_json(self) -> dict[str, Any]:
        """The source's entry in plan.json."""
        return dataclasses.asdict(self) | {"size": list(self.size)}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Source":
        """The inverse of `to_json`."""
        return cls(**(values | {"size": tuple(values["size"])}))


@dataclasses.dataclass(frozen=True, slots=True)
class Skipped:
    """A file that cannot be used, and why."""

    path: str
    reason: str


def find_files(root: Path) -> list[str]:
    """Names (paths below `root` with "/") of all files, in order of their UTF-8 bytes.

    Links are followed, each real folder is entered once, names that begin with "." are left out.
    """
    entered: set[str] = set()
    names = []
    for folder, subfolders, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in entered:
            subfolders.clear()
            continue
        entered.add(real)
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        below = Path(folder).relative_to(root)
        names += [(below / name).as_posix() for name in files if not name.startswith(".")]
    return sorted(names, key=os.fsencode)


def _check(root: Path, name: str, role: Role) -> Source | Skipped:
    try:
        data = (root / name).read_bytes()
        picture = decode_picture(data)
        size = picture.size
        if role == "fg":
            if picture.mode != "RGBA":
                raise UnusablePictureError("no alpha channel")
            share = solid_share(crop_to_alpha(picture))
            if share < _FAINT:
                raise UnusablePictureError(
                    f"too faint: {share:.1%} of its alpha box is at least half opaque, "
                    f"under {_FAINT:.0%}"
                )
    except UnusablePictureError as error:
        return Skipped(name, str(error))
    except OSError as error:
        return Skipped(name, error.strerror or str(error))
    return Source(name=name, sha256=hashlib.sha256(data).hexdigest(), size=size)


def _no_sources(root: Path, role: Role, found: str) -> InputError:
    alpha = " with alpha" if role == "fg" else ""
    return InputError(
        f"--{role} {root}",
        expected=f"a folder with at least one {_ROLE_NAMES[role]} picture{alpha}",
        found=found,
        remedy=f"give the folder of your {_ROLE_NAMES[role]}s",
    )


def check_sources(
    root: Path, role: Role, tick: Callable[[int, int], None]
) -> tuple[list[Source], list[Skipped]]:
    """Usable sources below `root` in order of name, and the files left out with the reason.

    Every file is opened and decoded, by content; Pillow decodes outside Python's lock, so threads
    do. `tick(done, total)` is called as files are checked. InputError where nothing is usable.
    """
    if not root.is_dir():
        raise _no_sources(root, role, "a file" if root.exists() else "no such folder")
    names = find_files(root)
    if not names:
        raise _no_sources(root, role, "an empty folder")
    run = Parallel(n_jobs=os.cpu_count(), prefer="threads", return_as="generator")
    results: Iterator[Source | Skipped] = run(delayed(_check)(root, name, role) for name in names)
    sources, skipped = [], []
    for done, result in enumerate(results, 1):
        if isinstance(result, Source):
            sources.append(result)
        else:
            skipped.append(result)
        tick(done, len(names))
    if not sources:
        first = skipped[0]
        found = f"none among {len(names)} files (the first, {first.path}: {first.reason})"
        raise _no_sources(root, role, found)
    return sources, skipped


def split_sources(sources: list[Source], fraction: float) -> list[Source]:
    """The same sources with `split` filled in: val by rank of a hash of the content alone.

    Equal files are one identity. No seed enters: a picture falls on the same side in every data
    set that has the same number of identities.
    """
    identities = sorted(
        {source.sha256 for source in sources},
        key=lambda sha256: hashlib.sha256(b"depthmask split\0" + sha256.encode()).digest(),
    )
    count = len(identities)
    if fraction == 0 or count == 1:
        held_out = 0
    elif fraction == 1:
        held_out = count
    else:
        held_out = min(count - 1, max(1, int(fraction * count + 0.5)))
    val = set(identities[:held_out])
    return [
        dataclasses.replace(source, split="val" if source.sha256 in val else "train")
        for source in sources
    ]
