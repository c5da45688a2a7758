"""Finding and checking source pictures before the first byte of a data set is written."""

import dataclasses
import errno
import hashlib
import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from joblib import Parallel, delayed

from pipeline.machine.gate import MemoryGate
from pipeline.sources.alpha import crop_to_alpha, object_share, plain_ground
from pipeline.sources.decode import UnusablePictureError, decode_picture
from pipeline.sources.formats.heif import is_heif
from pipeline.sources.formats.integrity import NoFileError
from pipeline.sources.headers import MEMORY_LIMIT, decoding_cost
from pipeline.sources.sandbox import DeadDecoderError
from pipeline.sources.source_bytes import list_folder, read_source, real_folder
from shards.base.cores import cores
from shards.base.errors import InputError
from shards.base.names import is_put_there
from shards.base.retrying import retry_passing, unread

Role = Literal["fg", "bg"]
KnownSizes = Mapping[str, tuple[int, int]]
"""Sizes (width, height) of pictures that are known to be usable, by SHA-256."""

FAINT = 0.02
"""A foreground is left out where less of its alpha box than this is at least half opaque."""

LEAST_SIDE = 8
"""Least longest side of a picture (of a foreground's alpha box), in pixels."""

NO_ALPHA = "no alpha channel"

_CUT_OUT = (
    "cut the objects out first, with a matting tool such as rembg, or in an image editor, and save "
    "them as PNG (a JPEG cannot hold alpha)"
)

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


def find_files(root: Path, out: Path | None = None) -> list[str]:
    """Names (paths below `root` with "/") of all files, in order of their UTF-8 bytes.

    Links are followed, each real folder is entered once. Left out are the folder `out`, names that
    begin with ".", and what systems leave about. RunError where a folder cannot be listed.
    """
    entered = set() if out is None else {os.path.realpath(out)}
    names = []
    waiting = [Path()]
    while waiting:
        below = waiting.pop()
        real = real_folder(root / below)
        if real in entered:
            continue
        entered.add(real)
        folders, files = list_folder(root / below)
        folders = sorted(filter(is_put_there, folders), reverse=True)
        waiting += [below / name for name in folders]
        names += [(below / name).as_posix() for name in files if is_put_there(name)]
    return sorted(names, key=os.fsencode)


_GATE = MemoryGate(MEMORY_LIMIT)


def _check(root: Path, name: str, role: Role, known: KnownSizes) -> "_Checked | Skipped":
    path = root / name

    def check(cost: int) -> _Checked:
        with _GATE.hold(cost):
            data = read_source(path)
            sha256 = hashlib.sha256(data).hexdigest()
            heif = is_heif(io.BytesIO(data))
            if sha256 in known:
                return _Checked(Source(name=name, sha256=sha256, size=known[sha256]), None, heif)
            return dataclasses.replace(_examine(name, data, sha256, role), heif=heif)

    try:
        try:
            return check(decoding_cost(path))
        except (OSError, MemoryError):
            return retry_passing(path, lambda: check(MEMORY_LIMIT))  # with nothing beside it
    except NoFileError:
        gone = FileNotFoundError(errno.ENOENT, "a file that went away while sources were checked")
        raise unread(path, gone) from None
    except DeadDecoderError as error:
        raise error.at(path) from None
    except UnusablePictureError as error:
        return Skipped(name, str(error))


@dataclasses.dataclass(frozen=True, slots=True)
class _Checked:
    source: Source
    remark: str | None
    heif: bool = False


def _examine(name: str, data: bytes, sha256: str, role: Role) -> _Checked:
    remarks: list[str] = []
    picture = decode_picture(data, remark=remarks.append)
    size = used = picture.size
    if role == "fg":
        if picture.mode != "RGBA":
            ground = plain_ground(picture)
            raise UnusablePictureError(NO_ALPHA if ground is None else f"{NO_ALPHA}, on {ground}")
        picture = crop_to_alpha(picture)
        used = picture.size
    if max(used) < LEAST_SIDE:
        of = " of its alpha box" if role == "fg" else ""
        raise UnusablePictureError(
            f"too small: {used[0]} x {used[1]}{of}, and the longest side is under {LEAST_SIDE}"
        )
    if role == "fg":
        share = object_share(picture)
        if share < FAINT:
            raise UnusablePictureError(
                f"too faint: {share:.1%} of its alpha box is at least half opaque, "
                f"under {FAINT:.0%}"
            )
        if used == size and picture.getchannel("A").getextrema()[0] == 255:
            ground = plain_ground(picture)
            where = "" if ground is None else f", on {ground}"
            remarks.append(f"opaque everywhere{where}: used as a rectangle")
    words = "; ".join(remarks) or None
    return _Checked(Source(name=name, sha256=sha256, size=size), words)


def _no_sources(root: Path, role: Role, found: str, remedy: str | None = None) -> InputError:
    alpha = " with alpha" if role == "fg" else ""
    return InputError(
        f"--{role} {root}",
        expected=f"a folder with at least one {_ROLE_NAMES[role]} picture{alpha}",
        found=found,
        remedy=remedy or f"give the folder of your {_ROLE_NAMES[role]}s",
    )


def check_sources(
    root: Path,
    role: Role,
    tick: Callable[[int, int], None],
    remark: Callable[[str, str], None] = lambda name, words: None,
    known: KnownSizes = MappingProxyType({}),
    out: Path | None = None,
    heif: Callable[[], None] = lambda: None,
) -> tuple[list[Source], list[Skipped]]:
    """Usable sources below `root` in order of name, and the files left out with the reason.

    Every file is opened and decoded, by content; Pillow decodes outside Python's lock, so threads
    do, as many at a time as memory allows. `tick(done, total)` is called as files are checked,
    `remark(name, words)` for a picture that is used but may not be what was meant. Contents that
    are `known` were checked before, as this role, and are not decoded again. What lies in `out`,
    where the data set is built, is no source. `heif` is called for sources in HEIF. InputError
    where nothing is usable; RunError where a file or a folder cannot be read now, whatever is in
    it.
    """
    if not retry_passing(root, root.is_dir):
        raise _no_sources(root, role, "a file" if root.exists() else "no such folder")
    names = find_files(root, out)
    if not names:
        raise _no_sources(root, role, "an empty folder")
    run = Parallel(n_jobs=cores(), prefer="threads", return_as="generator")
    results: Iterator[_Checked | Skipped] = run(
        delayed(_check)(root, name, role, known) for name in names
    )
    sources, skipped = [], []
    for done, result in enumerate(results, 1):
        if isinstance(result, Skipped):
            skipped.append(result)
        else:
            sources.append(result.source)
            if result.heif:
                heif()
            if result.remark is not None:
                remark(result.source.name, result.remark)
        tick(done, len(names))
    skipped.sort(key=lambda entry: os.fsencode(entry.path))
    if not sources:
        first = skipped[0]
        found = f"none among {len(names)} files (the first, {first.path}: {first.reason})"
        raise _no_sources(root, role, found, _CUT_OUT if _most_lack_alpha(skipped, names) else None)
    if _most_lack_alpha(skipped, names):
        remark("*", f"most of these files have no alpha: {_CUT_OUT}")
    return sources, skipped


def _most_lack_alpha(skipped: list[Skipped], names: list[str]) -> bool:
    return 2 * sum(entry.reason.startswith(NO_ALPHA) for entry in skipped) > len(names)
