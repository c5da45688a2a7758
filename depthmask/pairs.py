"""Which pictures are to be predicted, and which backgrounds belong to them."""

import dataclasses
import glob
from collections.abc import Iterable
from pathlib import Path

from shards.errors import InputError
from shards.names import is_put_there

_SHOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A picture, the clean background that belongs to it if any, and a name for its results.

    The name is empty for a picture that was named itself.
    """

    name: str
    image: Path
    background: Path | None


def find_pairs(image: Path, background: Path | None, out: Path) -> list[Pair]:
    """The pictures that `image` stands for, by name: a file, a folder, or a pattern as a/*.jpg.

    Folders are searched through, but for `out`, where results go; names are paths from there
    without their ending. `background` is one picture for all, or a folder in which each has a
    namesake, whatever the endings. InputError where there is no picture, two of one name, one
    without its background, or where results would lie among the pictures.
    """
    if image.is_dir() and image.resolve() == out.resolve():
        raise _refuse(f"--out {out}", "another folder than that of the pictures", "the same")
    found = {
        name: path
        for name, path in _pictures(image).items()
        if path == image or not path.resolve().is_relative_to(out.resolve())
    }
    if not found:
        raise _refuse(f"--image {image}", "pictures", "none")
    if background is None or not background.is_dir():
        return [Pair(name, path, background) for name, path in sorted(found.items())]
    behind = _by_name(background)
    if image in found.values():
        behind = {"": behind[image.stem]} if image.stem in behind else {}
    missing = [name or image.stem for name in sorted(found) if name not in behind]
    if missing:
        more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
        names = "none of " + ", ".join(missing[:_SHOWN])
        raise _refuse(f"--background {background}", "a namesake of every picture", names + more)
    return [Pair(name, path, behind[name]) for name, path in sorted(found.items())]


def _pictures(image: Path) -> dict[str, Path]:
    """The files of a folder or pattern by name; a file that was named itself has none."""
    if image.is_dir():
        return _by_name(image)
    if image.exists() or not glob.has_magic(str(image)):
        return {"": image}
    paths = [Path(path) for path in glob.glob(str(image), recursive=True)]
    return _named((path.stem, path) for path in sorted(paths) if path.is_file())


def _by_name(folder: Path) -> dict[str, Path]:
    """The files in and below a folder by their path without the ending; but for hidden ones."""
    files = []
    for path in sorted(folder.rglob("*")):
        within = path.relative_to(folder)
        if path.is_file() and all(map(is_put_there, within.parts)):
            files.append((within.with_suffix("").as_posix(), path))
    return _named(files)


def _named(files: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for name, path in files:
        if name in found:
            both = f"{found[name].name} and {path.name}"
            raise _refuse(str(path.parent), f"one picture called {name}", both)
        found[name] = path
    return found


def _refuse(where: str, expected: str, found: str) -> InputError:
    return InputError(
        where, expected=expected, found=found, remedy="see `depthmask predict --help`"
    )
