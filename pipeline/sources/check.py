"""Checking source pictures before the first byte of a data set is written."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType

from joblib import Parallel, delayed

from pipeline.sources.examination import NO_ALPHA, PLAIN, Cutting, Examined, Examiner, KnownParts
from pipeline.sources.find import find_files
from pipeline.sources.pairs import Candidate, pair_beside, pair_with
from pipeline.sources.source import ROLE_NAMES, Role, Skipped, Source
from pipeline.sources.source_bytes import real_folder
from shards.base.cores import cores
from shards.base.errors import InputError
from shards.base.retrying import retry_passing

_CUT_OUT = (
    "cut the objects out first, with a matting tool such as rembg, or in an image editor, and save "
    "them as PNG (a JPEG cannot hold alpha)"
)


def check_sources(
    root: Path,
    role: Role,
    tick: Callable[[int, int], None],
    remark: Callable[[str, str], None] = lambda name, words: None,
    known: KnownParts = MappingProxyType({}),
    out: Path | None = None,
    heif: Callable[[], None] = lambda: None,
    cutting: Cutting = PLAIN,
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
    candidates = _candidates(root, role, out, cutting.alpha)
    if not candidates:
        raise _no_sources(root, role, "an empty folder")
    examiner = Examiner(root, role, known, cutting)
    run = Parallel(n_jobs=cores(), prefer="threads", return_as="generator")
    results: Iterator[Examined] = run(delayed(examiner.examine)(each) for each in candidates)
    sources: list[Source] = []
    skipped: list[Skipped] = []
    for done, result in enumerate(results, 1):
        sources += result.sources
        skipped += result.skipped
        if result.heif:
            heif()
        if result.remark is not None:
            remark(result.name, result.remark)
        tick(done, len(candidates))
    skipped.sort(key=lambda entry: os.fsencode(entry.path))
    most_lack = 2 * sum(each.reason.startswith(NO_ALPHA) for each in skipped) > len(candidates)
    if not sources:
        first = skipped[0]
        found = f"none among {len(candidates)} files (the first, {first.path}: {first.reason})"
        raise _no_sources(root, role, found, _CUT_OUT if most_lack else None)
    if most_lack:
        remark("*", f"most of these files have no alpha: {_CUT_OUT}")
    if cutting.category != PLAIN.category and all(source.group for source in sources):
        remark(
            "*",
            f"--category {cutting.category} applies to none of these: they lie in folders, and the "
            "first folder is the category",
        )
    return sources, skipped


def _candidates(root: Path, role: Role, out: Path | None, alpha: Path | None) -> list[Candidate]:
    """The files below a root that may be sources, with their alpha files."""
    if role == "bg":
        return [Candidate(name=name) for name in find_files(root, out)]
    if alpha is None:
        return pair_beside(find_files(root, out))
    if not retry_passing(alpha, alpha.is_dir):
        raise InputError(
            f"--fg-alpha {alpha}",
            expected="a folder of grey pictures, one for each of --fg",
            found="a file" if alpha.exists() else "no such folder",
            remedy="give the folder that holds the alphas",
        )
    real = real_folder(alpha)
    if real == real_folder(root):
        raise InputError(
            "--fg and --fg-alpha",
            expected="a folder of pictures and another of their alphas",
            found=f"{root} for both",
            remedy="remove --fg-alpha where the pictures have alpha of their own",
        )
    return pair_with(find_files(root, out, Path(real)), find_files(alpha, out), alpha)


def _no_sources(root: Path, role: Role, found: str, remedy: str | None = None) -> InputError:
    alpha = "" if role == "bg" else " with alpha"
    return InputError(
        f"--{role} {root}",
        expected=f"a folder with at least one {ROLE_NAMES[role]} picture{alpha}",
        found=found,
        remedy=remedy or f"give the folder of your {ROLE_NAMES[role]}s",
    )
