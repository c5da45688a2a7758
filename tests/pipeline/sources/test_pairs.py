"""pipeline/sources/pairs.py"""

from pathlib import Path

import pytest

from pipeline.sources.pairs import Candidate, pair_beside, pair_with
from shards.base.errors import InputError


def alphas_of(candidates: list[Candidate]) -> dict[str, str | None]:
    return {candidate.name: candidate.alpha for candidate in candidates}


def test_a_mask_beside_a_picture_is_its_alpha_and_no_source() -> None:
    names = ["a.jpg", "a_mask.png", "b.JPG", "b_alpha.PNG", "c.jpg", "d/a.jpg", "d/e_mask.png"]
    assert alphas_of(pair_beside(names)) == {
        "a.jpg": "a_mask.png",
        "b.JPG": "b_alpha.PNG",
        "c.jpg": None,
        "d/a.jpg": None,
        "d/e_mask.png": None,
    }


def test_alpha_goes_before_mask_and_neither_is_a_source() -> None:
    names = ["a.jpg", "a_alpha.png", "a_mask.png"]
    assert alphas_of(pair_beside(names)) == {"a.jpg": "a_alpha.png"}
    assert alphas_of(pair_beside(sorted(names, reverse=True))) == {"a.jpg": "a_alpha.png"}


def test_only_a_png_is_a_mask_beside() -> None:
    assert alphas_of(pair_beside(["a.jpg", "a_mask.jpg"])) == {"a.jpg": None, "a_mask.jpg": None}


def test_matting_sets_pair_by_their_stems(tmp_path: Path) -> None:
    names = ["a/1.jpg", "a/2.jpg", "b/1.png", "c.d.jpg"]
    alphas = ["a/1.png", "b/1.jpg", "b/1.png", "c.d.png", "c.png"]
    found = pair_with(names, alphas, tmp_path)
    assert alphas_of(found) == {
        "a/1.jpg": "a/1.png",
        "a/2.jpg": None,
        "b/1.png": None,
        "c.d.jpg": "c.d.png",
    }
    assert [candidate.fault for candidate in found] == [
        None,
        "no alpha of its own name: none in --fg-alpha",
        "no alpha of its own name: several in --fg-alpha: b/1.jpg, b/1.png",
        None,
    ]


@pytest.mark.parametrize(
    ("alphas", "found"), [(["x.png"], "none of a.jpg, nor"), ([], "an empty folder")]
)
def test_a_folder_where_nothing_fits_gets_a_sentence(
    alphas: list[str], found: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=f"--fg-alpha .*same name below its folder, found {found}"):
        pair_with(["a.jpg"], alphas, tmp_path)
