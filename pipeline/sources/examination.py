"""Examining one picture, with its alpha file: the sources in it, or why there are none."""

import dataclasses
import errno
import hashlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from PIL import Image

from pipeline.machine.gate import MemoryGate
from pipeline.sources.alpha import crop_to_alpha, object_share, plain_ground
from pipeline.sources.cut_outs import count_objects, read_alpha, separate, with_alpha
from pipeline.sources.decode import UnusablePictureError, decode_picture
from pipeline.sources.formats.heif import is_heif
from pipeline.sources.formats.integrity import NoFileError
from pipeline.sources.headers import MEMORY_LIMIT, decoding_cost
from pipeline.sources.pairs import Candidate
from pipeline.sources.sandbox import DeadDecoderError
from pipeline.sources.source import AlphaFile, Role, Skipped, Source, category_of, group_of
from pipeline.sources.source_bytes import read_source
from shards.base.retrying import retry_passing, unread

Found = TypeVar("Found")
Part = tuple[int | None, tuple[int, int]]
"""A part's number, None for the whole, and the size (width, height) of the picture."""

Contents = tuple[str, str | None]
"""SHA-256 of a picture and of its alpha file."""

KnownParts = Mapping[Contents, tuple[Part, ...]]
"""Parts and picture sizes (width, height) of what is known to be usable, by contents."""

FAINT = 0.02
"""A foreground is left out where less of its alpha box than this is at least half opaque."""

LEAST_SIDE = 8
"""Least longest side of a picture (of a foreground's alpha box), in pixels."""

NO_ALPHA = "no alpha channel"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Cutting:
    """How the pictures of --fg become cut-outs with a category."""

    alpha: Path | None = None
    """The folder of --fg-alpha."""
    split_objects: bool = False
    category: str = "object"
    """That of the pictures at the root."""


_TWICE = 2
"""What finding parts takes of memory, in decodings: 887 MB for 62 megapixels in all."""

PLAIN = Cutting()
"""Pictures are used whole, with their own alpha or that of a file beside them."""


_GATE = MemoryGate(MEMORY_LIMIT)


@dataclasses.dataclass(frozen=True, slots=True)
class Examined:
    """What was found in one file: the sources in it, and what of it is left out."""

    name: str
    sources: tuple[Source, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    remark: str | None = None
    heif: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Examiner:
    """Looks at the files of one root."""

    root: Path
    role: Role
    known: KnownParts
    cutting: Cutting

    def examine(self, candidate: Candidate) -> Examined:
        """The sources in a picture and its alpha file, or why there are none."""
        path = self.root / candidate.name
        try:
            if candidate.fault is not None:
                raise UnusablePictureError(candidate.fault)
            try:
                return self._look(candidate, self._cost(candidate))
            except (OSError, MemoryError):  # with nothing beside it
                return retry_passing(path, lambda: self._look(candidate, MEMORY_LIMIT))
        except UnusablePictureError as error:
            return Examined(candidate.name, skipped=(Skipped(candidate.name, str(error)),))

    def _alpha_path(self, candidate: Candidate) -> Path | None:
        if candidate.alpha is None:
            return None
        return (self.cutting.alpha or self.root) / candidate.alpha

    def _cost(self, candidate: Candidate) -> int:
        alpha = self._alpha_path(candidate)
        cost = _of(self.root / candidate.name, decoding_cost)
        if alpha is not None:
            cost += _of_alpha(candidate, alpha, decoding_cost)
        return _TWICE * cost if self.cutting.split_objects else cost

    def _look(self, candidate: Candidate, cost: int) -> Examined:
        path, alpha_path = self.root / candidate.name, self._alpha_path(candidate)
        with _GATE.hold(min(cost, MEMORY_LIMIT)):
            data = _of(path, read_source)
            alpha_data = (
                None if alpha_path is None else _of_alpha(candidate, alpha_path, read_source)
            )
            contents = _sha256(data), None if alpha_data is None else _sha256(alpha_data)
            heif = is_heif(io.BytesIO(data)) or is_heif(io.BytesIO(alpha_data or b""))
            remarks: list[str] = []
            if contents in self.known:
                parts, skipped = list(self.known[contents]), list[Skipped]()
            else:
                picture = _of(path, lambda path: decode_picture(data, remark=remarks.append))
                alpha = None
                if alpha_path is not None and alpha_data is not None:
                    alpha = _of_alpha(candidate, alpha_path, lambda path: read_alpha(alpha_data))
                parts, skipped = self._usable_parts(candidate, picture, alpha, remarks)
        alpha_file = None
        if candidate.alpha is not None and contents[1] is not None:
            alpha_file = AlphaFile(name=candidate.alpha, sha256=contents[1])
        name = candidate.name
        sources = tuple(
            Source(
                name=name,
                sha256=contents[0],
                size=size,
                alpha=alpha_file,
                part=part,
                category=category_of(name, self.cutting.category) if self.role == "fg" else None,
                group=group_of(name),
            )
            for part, size in parts
        )
        return Examined(name, sources, tuple(skipped), "; ".join(remarks) or None, heif)

    def _usable_parts(
        self,
        candidate: Candidate,
        picture: Image.Image,
        alpha: Image.Image | None,
        remarks: list[str],
    ) -> tuple[list[Part], list[Skipped]]:
        """The usable parts of a picture with its size, and those that are left out."""
        if self.role == "bg":
            _require_side(picture.size, "")
            return [(None, picture.size)], []
        if alpha is not None:
            picture = _with_alpha(candidate, picture, alpha)
        if picture.mode != "RGBA":
            ground = plain_ground(picture)
            raise UnusablePictureError(NO_ALPHA if ground is None else f"{NO_ALPHA}, on {ground}")
        if not self.cutting.split_objects:
            _require_cut_out(picture, remarks)
            if self.role == "fg" and (count := count_objects(picture)) > 1:
                remarks.append(f"{count} separate objects: --split-objects makes a source of each")
            return [(None, picture.size)], []
        crop_to_alpha(picture)
        parts: list[Part] = []
        skipped = []
        for part, alone in separate(picture):
            try:
                _require_cut_out(alone, remarks)
                parts.append((part, picture.size))
            except UnusablePictureError as error:
                if part is None:
                    raise
                skipped.append(Skipped(candidate.name, f"part {part}: {error}"))
        if not parts and not skipped:
            raise UnusablePictureError("no part that holds over 5 % of its alpha")
        return parts, skipped


def _require_cut_out(picture: Image.Image, remarks: list[str]) -> None:
    """UnusablePictureError where too little is seen of an "RGBA" picture."""
    cropped = crop_to_alpha(picture)
    _require_side(cropped.size, " of its alpha box")
    share = object_share(cropped)
    if share < FAINT:
        raise UnusablePictureError(
            f"too faint: {share:.1%} of its alpha box is at least half opaque, under {FAINT:.0%}"
        )
    if cropped.size == picture.size and cropped.getchannel("A").getextrema()[0] == 255:
        ground = plain_ground(cropped)
        where = "" if ground is None else f", on {ground}"
        remarks.append(f"opaque everywhere{where}: used as a rectangle")


def _require_side(size: tuple[int, int], of: str) -> None:
    if max(size) < LEAST_SIDE:
        raise UnusablePictureError(
            f"too small: {size[0]} x {size[1]}{of}, and the longest side is under {LEAST_SIDE}"
        )


def _with_alpha(candidate: Candidate, picture: Image.Image, alpha: Image.Image) -> Image.Image:
    try:
        return with_alpha(picture, alpha)
    except UnusablePictureError as error:
        raise _alpha_fault(candidate, error) from None


def _alpha_fault(candidate: Candidate, error: UnusablePictureError) -> UnusablePictureError:
    return UnusablePictureError(f"its alpha {candidate.alpha}: {error}")


def _of_alpha(candidate: Candidate, path: Path, look: Callable[[Path], Found]) -> Found:
    """What `look` finds in an alpha file, whose faults name it."""
    try:
        return _of(path, look)
    except UnusablePictureError as error:
        raise _alpha_fault(candidate, error) from None


def _of(path: Path, look: Callable[[Path], Found]) -> Found:
    """What `look` finds in a file; RunError where it is gone, or its decoder died of it."""
    try:
        return look(path)
    except NoFileError:
        gone = FileNotFoundError(errno.ENOENT, "a file that went away while sources were checked")
        raise unread(path, gone) from None
    except DeadDecoderError as error:
        raise error.at(path) from None


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
