"""The pictures that `predict` and `depth` are given: found, paired with backgrounds, opened."""

import dataclasses
import glob
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from pipeline.sources.decode import UnusablePictureError, read_picture
from shards.base.errors import InputError
from shards.base.names import is_put_there

_SHOWN = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Pair:
    """A picture, the clean background that belongs to it if any, and a name for its results.

    The name is empty for a picture that is given as a file.
    """

    name: str
    image: Path
    background: Path | None


def find_pairs(image: Path, background: Path | None, out: Path) -> list[Pair]:
    """The pictures that `image` stands for, by name: a file, a folder, or a pattern as a/*.jpg.

    Folders are searched with all below them, except `out`, where results go; a name is the path
    within the folder without its ending. `background` is one picture for all, or a folder that
    holds a namesake of each, whatever the endings. InputError if there is no picture, if two have
    one name, if one has no background, or if results would lie among the pictures.
    """
    found = _pictures_beside(image, out)
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


def find_pictures(given: Iterable[Path], out: Path) -> list[tuple[str, Path]]:
    """The pictures that files, folders and patterns stand for, each with a name for its results.

    A file's name is its own without its ending, others are named as `find_pairs` does. InputError
    where there is no picture, one that is named is not there, or two have one name.
    """
    found: dict[str, Path] = {}
    for each in given:
        beside = _pictures_beside(each, out)
        if not beside:
            raise _refuse(str(each), "pictures", "none", "depth")
        for name, path in beside.items():
            if not name and not path.exists():
                raise _refuse(str(path), "a picture, a folder or a pattern", "nothing", "depth")
            _add(found, name or path.stem, path)
    return list(found.items())


def open_picture(path: Path, where: str | None = None) -> Image.Image:
    """The picture in a file; InputError, at `where` or the path, where it cannot be used."""
    try:
        return read_picture(path)
    except UnusablePictureError as error:
        raise InputError(
            where or str(path),
            expected="a picture",
            found=str(error),
            remedy="give a picture file",
        ) from None


def refuse_overwriting(inputs: Iterable[Path], results: Iterable[Path]) -> None:
    """InputError where a result would take the place of a picture that it is made from."""
    taken = {path.resolve() for path in inputs}
    for path in results:
        if path.resolve() in taken:
            raise InputError(
                f"--out {path.parent}",
                expected="a folder where results take no picture's place",
                found=f"{path.name}, which is one of the pictures",
                remedy="name another folder",
            )


def _pictures_beside(image: Path, out: Path) -> dict[str, Path]:
    """The files that `image` stands for by name, but for those in `out`, where results go."""
    if image.is_dir() and image.resolve() == out.resolve():
        raise _refuse(f"--out {out}", "another folder than that of the pictures", "the same")
    return {
        name: path
        for name, path in _pictures(image).items()
        if path == image or not path.resolve().is_relative_to(out.resolve())
    }


def _pictures(image: Path) -> dict[str, Path]:
    """The files of a folder or pattern by name; a single file has the empty name."""
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
        _add(found, name, path)
    return found


def _add(found: dict[str, Path], name: str, path: Path) -> None:
    """Note a picture; InputError where another one has its name, as their results would."""
    other = found.setdefault(name, path)
    beside = other.parent == path.parent
    if other.resolve() != path.resolve():
        raise InputError(
            str(path.parent),
            expected=f"one picture called {name}",
            found=f"{other.name} and {path.name}" if beside else f"{other} and {path}",
            remedy="rename one, as results are named after pictures"
            if beside
            else "give the folder above both, or an --out of its own to each",
        )


def _refuse(where: str, expected: str, found: str, command: str = "predict") -> InputError:
    return InputError(
        where, expected=expected, found=found, remedy=f"see `depthmask {command} --help`"
    )
