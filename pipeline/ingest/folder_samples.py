"""Plain folders of ready composites: which samples they hold, found before anything is written."""

import dataclasses
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from joblib import delayed

from pipeline.ingest.export_folders import FOLDERS
from pipeline.ingest.masks import MaskReading, MaskValues, choose_reading, values_of
from pipeline.machine.workers import results_of
from pipeline.sources.decode import UnusablePictureError
from pipeline.sources.headers import is_heif_file, read_header
from pipeline.sources.source_bytes import list_folder, read_source
from shards.base.canonical_json import decode_json
from shards.base.errors import InputError
from shards.base.keys import SPLITS, counts_in_words
from shards.base.names import is_put_there
from shards.base.retrying import retry_passing
from shards.base.size import Size, require_sides, size_words
from shards.records.schema import check_folders

NEEDED = ("image", "background", "mask")
DEPTH = "depth"
_GREY_BITS = {"L": 8, "I;16": 16, "I;16B": 16, "I": 16}


@dataclasses.dataclass(frozen=True, slots=True)
class Composite:
    """One sample: its name and the endings of its files in image, background, mask and depth."""

    name: str
    endings: tuple[str, ...]

    def paths(self, folder: Path) -> list[Path]:
        """Its files below the folder of its split, in the order image, background, mask, depth."""
        places = (*NEEDED, DEPTH)[: len(self.endings)]
        return [
            folder / place / f"{self.name}{ending}"
            for place, ending in zip(places, self.endings, strict=True)
        ]


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


def find_composites(root: Path) -> dict[str, list[Composite]]:
    """Composites by sub-folder: "train", "val", "test", or "" where `root` itself holds pictures.

    They come in order of their names' UTF-8 bytes. InputError where the folders do not hold the
    same names.
    """
    if (root / NEEDED[0]).is_dir():
        return {"": _match(root)}
    found = {split: _match(root / split) for split in SPLITS if (root / split).is_dir()}
    if any(found.values()):
        _require_complete(root, found)
        return found
    raise InputError(
        str(root),
        expected="a data set, or folders image, background and mask of pictures with equal names",
        found="neither" if root.is_dir() else "no such folder",
        remedy="give a data set, or the folder that holds image, background and mask",
    )


def _match(folder: Path) -> list[Composite]:
    places = (*NEEDED, *([DEPTH] if (folder / DEPTH).is_dir() else []))
    endings = [_endings(folder / place) for place in places]
    for place, of_place in zip(places[1:], endings[1:], strict=True):
        lonely = sorted(of_place.keys() ^ endings[0].keys())
        if lonely:
            here, there = (place, "image") if lonely[0] in of_place else ("image", place)
            raise InputError(
                str(folder),
                expected="the same names in " + ", ".join(places),
                found=f"{lonely[0]} in {here} and not in {there} ({len(lonely)} such names)",
                remedy="add the missing pictures, or remove the others",
            )
    shared: dict[tuple[str, ...], tuple[str, ...]] = {}
    composites = []
    for name in sorted(endings[0], key=os.fsencode):
        of_name = tuple(of_place[name] for of_place in endings)
        composites.append(Composite(name, shared.setdefault(of_name, of_name)))
    return composites


def _endings(folder: Path) -> dict[str, str]:
    """The ending of every file in a folder by its name without it."""
    if not folder.is_dir():
        raise InputError(
            str(folder.parent),
            expected="sub-folders image, background and mask, and perhaps depth",
            found=f"no {folder.name}",
            remedy="give the folder that holds them",
        )
    endings: dict[str, str] = {}
    for file in list_folder(folder)[1]:
        name, ending = os.path.splitext(file)
        if not is_put_there(file) or not retry_passing(folder / file, (folder / file).is_file):
            continue
        if name in endings:
            raise InputError(
                str(folder),
                expected="one picture of each name",
                found=f"{name}{endings[name]} and {name}{ending}",
                remedy="remove one of them",
            )
        endings[name] = ending
    return endings


def read_folder_facts(root: Path) -> dict[str, Any] | None:
    """What folders.json says, where `depthmask convert` wrote the folders; else None."""
    path = root / FOLDERS
    if not path.exists():
        return None
    try:
        if not path.is_file():
            raise OSError("no regular file")
        facts = decode_json(path.read_bytes())
        check_folders(facts)
        return facts
    except (ValueError, OSError) as error:
        raise InputError(
            str(path), expected="what convert wrote", found=str(error), remedy="convert again"
        ) from None


def _require_complete(root: Path, found: dict[str, list[Composite]]) -> None:
    facts = read_folder_facts(root)
    counts = {split: len(found.get(split, [])) for split in SPLITS}
    if facts is not None and facts["samples"] != counts:
        raise InputError(
            str(root),
            expected=f"{counts_in_words(facts['samples'])} samples",
            found=counts_in_words(counts),
            remedy="finish the conversion to folders with the same command",
        )


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
