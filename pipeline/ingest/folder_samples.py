"""Plain folders of ready composites: which samples they hold, found before anything is written."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from pipeline.ingest.export_folders import FOLDERS
from pipeline.sources.source_bytes import list_folder
from shards.base.canonical_json import decode_json
from shards.base.errors import InputError
from shards.base.keys import SPLITS, counts_in_words
from shards.base.names import is_put_there
from shards.base.retrying import retry_passing
from shards.records.schema import check_folders

NEEDED = ("image", "background", "mask")
DEPTH = "depth"


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
