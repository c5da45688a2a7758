"""Ready composites in plain folders, checked before anything is written: all must be alike."""

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

from joblib import delayed

from pipeline.ingest.folder_samples import NEEDED, Composite
from pipeline.ingest.masks import MaskReading, MaskValues, choose_reading, values_of
from pipeline.machine.workers import results_of
from pipeline.sources.decode import UnusablePictureError
from pipeline.sources.headers import is_heif_file, read_header
from pipeline.sources.source_bytes import read_source
from shards.base.errors import InputError
from shards.base.size import Size, require_sides, size_words

_GREY_BITS = {"L": 8, "I;16": 16, "I;16B": 16, "I": 16}


@dataclasses.dataclass(frozen=True, slots=True)
class Facts:
    """A composite's (width, height), its depth's and its bits, its background's SHA-256, its bytes.

    `heif` says whether any of its pictures is in HEIF.
    """

    size: Size
    depth_size: Size | None
    depth_bits: int | None
    background: str
    bytes: int
    heif: bool = False


def check_composites(
    root: Path, found: dict[str, list[Composite]], tick: Callable[[int], None]
) -> dict[str, list[Facts]]:
    """The facts of every composite; InputError for the first that is not like the others.

    Headers are read, and each background's bytes. `tick(samples)` is called as they are.
    """
    checked: dict[str, list[Facts]] = {}
    first: Facts | None = None
    for split, composites in found.items():
        checked[split] = []
        calls = (delayed(_check)(root / split, composite) for composite in composites)
        with results_of(calls, None, "threads") as facts:
            for composite, of_one in zip(composites, facts, strict=True):
                first = first or of_one
                _require_alike(composite.paths(root / split)[0], of_one, first)
                checked[split].append(of_one)
                tick(1)
    return checked


def look_at_masks(root: Path, found: dict[str, list[Composite]]) -> tuple[MaskReading, str | None]:
    """How the masks of all composites are read, and a remark for the user, if there is one.

    InputError where they are no masks: `masks.choose_reading`.
    """
    paths = [composite.paths(root / split)[2] for split, of in found.items() for composite in of]
    with results_of((delayed(_values_of)(path) for path in paths), None, "threads") as values:
        places = " and ".join(str(root / split / NEEDED[2]) for split in found)
        return choose_reading(places, values)


def _values_of(path: Path) -> MaskValues:
    try:
        return values_of(path)
    except UnusablePictureError as error:
        raise _unusable(path, error) from None


def _require_alike(path: Path, facts: Facts, first: Facts) -> None:
    if _in_words(facts) != _in_words(first):
        raise InputError(
            str(path),
            expected=f"what the first sample has: {_in_words(first)}",
            found=_in_words(facts),
            remedy="bring all samples to one size and one depth format",
        )


def _in_words(facts: Facts) -> str:
    words = f"{size_words(facts.size)} pixels"
    if facts.depth_size is not None:
        words += f" and {facts.depth_bits}-bit depth of {size_words(facts.depth_size)}"
    return words


def _check(folder: Path, composite: Composite) -> Facts:
    paths = composite.paths(folder)
    sizes = [_header(path)[0] for path in paths[: len(NEEDED)]]
    if len(set(sizes)) > 1:
        raise InputError(
            str(paths[0]),
            expected="image, background and mask of one size",
            found=", ".join(map(size_words, sizes)),
            remedy="bring them to one size",
        )
    require_sides(str(paths[0]), sizes[0], 16, 4096)
    background = _sha256(paths[1])
    weight = sum(path.stat().st_size for path in paths)
    if len(paths) == len(NEEDED):
        return Facts(sizes[0], None, None, background, weight, any(map(is_heif_file, paths)))
    size, mode = _header(paths[-1])
    if mode not in _GREY_BITS:
        raise InputError(
            str(paths[-1]),
            expected="a grey depth map of 8 or 16 bits",
            found=f"mode {mode}",
            remedy="give the depth values themselves, not a picture coloured by them",
        )
    if any(side > most for side, most in zip(size, sizes[0], strict=True)):
        raise InputError(
            str(paths[-1]),
            expected=f"depth of at most {size_words(sizes[0])}, as the image has",
            found=size_words(size),
            remedy="scale the depth maps down",
        )
    heif = any(map(is_heif_file, paths))
    return Facts(sizes[0], size, _GREY_BITS[mode], background, weight, heif)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(read_source(path)).hexdigest()
    except UnusablePictureError as error:
        raise _unusable(path, error) from None


def _header(path: Path) -> tuple[Size, str]:
    """The (width, height) of a picture, upright, and its mode, as Pillow names it."""
    try:
        return read_header(path)
    except UnusablePictureError as error:
        raise _unusable(path, error) from None


def _unusable(path: Path, error: Exception) -> InputError:
    return InputError(
        str(path), expected="a picture", found=str(error), remedy="repair it, or remove it"
    )
