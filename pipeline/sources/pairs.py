"""Which file is the alpha of which picture."""

import dataclasses
import os
from collections.abc import Sequence
from pathlib import Path

from pipeline.sources.source import stem_of
from shards.base.errors import InputError

BESIDE = ("_alpha", "_mask")
"""What the stem of a PNG adds to the stem of the picture that it is the alpha of, best first."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A file that may be a source, its alpha file if it has one, or why it has none."""

    name: str
    alpha: str | None = None
    fault: str | None = None


def pair_beside(names: Sequence[str]) -> list[Candidate]:
    """Every picture with the NAME_alpha.png or NAME_mask.png that lies beside it, in order.

    Such a file is no source itself; where a picture has both, `_alpha` is its alpha.
    """
    stems = {stem_of(name) for name in names}
    of_stem: dict[str, str] = {}
    masks = set()
    for name in names:
        stem, ending = os.path.splitext(name)
        for word in BESIDE:
            owner = stem.removesuffix(word)
            if ending.lower() == ".png" and owner != stem and owner in stems:
                masks.add(name)
                if word == BESIDE[0] or owner not in of_stem:
                    of_stem[owner] = name
    return [
        Candidate(name=name, alpha=of_stem.get(stem_of(name)))
        for name in names
        if name not in masks
    ]


def pair_with(names: Sequence[str], alphas: Sequence[str], folder: Path) -> list[Candidate]:
    """Every picture with the file of `folder` (--fg-alpha) that has its name but for the ending.

    InputError where none has one.
    """
    of_stem: dict[str, list[str]] = {}
    for alpha in alphas:
        of_stem.setdefault(stem_of(alpha), []).append(alpha)
    candidates = [_with_one(name, of_stem.get(stem_of(name), [])) for name in names]
    if all(candidate.fault for candidate in candidates):
        raise InputError(
            f"--fg-alpha {folder}",
            expected="a grey picture for each of --fg, with the same name below its folder",
            found=f"none of {names[0]}, nor of the others" if alphas else "an empty folder",
            remedy="give the folder whose names are those of --fg, endings apart",
        )
    return candidates


def _with_one(name: str, alphas: Sequence[str]) -> Candidate:
    if len(alphas) == 1:
        return Candidate(name=name, alpha=alphas[0])
    fault = f"several in --fg-alpha: {', '.join(alphas)}" if alphas else "none in --fg-alpha"
    return Candidate(name=name, fault=f"no alpha of its own name: {fault}")
