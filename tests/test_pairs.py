"""depthmask/pairs.py: which pictures, and which background belongs to each"""

from pathlib import Path

import pytest

from depthmask.pairs import Pair, find_pairs
from shards.errors import InputError

OUT = Path("prediction")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_a_file_has_no_name_and_takes_the_one_background(tmp_path: Path) -> None:
    image, behind = tmp_path / "a.jpg", tmp_path / "b.jpg"
    assert find_pairs(image, behind, OUT) == [Pair("", image, behind)]
    assert find_pairs(image, None, OUT) == [Pair("", image, None)]


def test_a_folder_is_searched_through_without_what_is_hidden(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "b.jpg", "a.png", "day/a.jpg", ".thumbs/a.jpg", ".DS_Store")
    touch(shots, "Thumbs.db", "day/desktop.ini", "@eaDir/a.jpg", "__MACOSX/b.jpg")
    behind = tmp_path / "empty.jpg"
    assert find_pairs(shots, behind, OUT) == [
        Pair("a", shots / "a.png", behind),
        Pair("b", shots / "b.jpg", behind),
        Pair("day/a", shots / "day" / "a.jpg", behind),
    ]


def test_backgrounds_are_found_by_name_whatever_their_ending(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "a.jpg", "day/b.jpg")
    empty = touch(tmp_path / "empty", "a.png", "day/b.webp", "unused.jpg")
    assert [pair.background for pair in find_pairs(shots, empty, OUT)] == [
        empty / "a.png",
        empty / "day" / "b.webp",
    ]
    assert find_pairs(shots / "a.jpg", empty, OUT) == [Pair("", shots / "a.jpg", empty / "a.png")]


def test_a_pattern_takes_what_it_matches(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "a.jpg", "b.jpg", "c.png")
    assert [pair.name for pair in find_pairs(shots / "*.jpg", None, OUT)] == ["a", "b"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path) -> None:
    shots = touch(tmp_path, "a[1].jpg")
    assert find_pairs(shots / "a[1].jpg", None, OUT) == [Pair("", shots / "a[1].jpg", None)]


@pytest.mark.parametrize(
    ("image", "background", "sentence"),
    [
        ("empty", None, "expected pictures, found none"),
        ("shots/*.gif", None, "expected pictures, found none"),
        ("twice", None, "expected one picture called a, found a.jpg and a.png"),
        ("shots", "behind", "a namesake of every picture, found none of b, c, d and 1 more"),
        ("shots/e.jpg", "behind", "a namesake of every picture, found none of e"),
    ],
)
def test_what_cannot_be_paired_gets_a_sentence(
    image: str, background: str | None, sentence: str, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    touch(tmp_path / "shots", "a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    touch(tmp_path / "twice", "a.jpg", "a.png")
    touch(tmp_path / "behind", "a.jpg")
    with pytest.raises(InputError, match=sentence):
        find_pairs(tmp_path / image, tmp_path / background if background else None, OUT)


def test_results_of_an_earlier_call_are_no_pictures(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "a.jpg", "found/a.mask.png")
    found = shots / "found"
    assert [pair.name for pair in find_pairs(shots, None, found)] == ["a"]
    assert [pair.name for pair in find_pairs(shots / "**" / "*.*", None, found)] == ["a"]
    mask = found / "a.mask.png"
    assert find_pairs(mask, None, found) == [Pair("", mask, None)]


def test_results_do_not_go_among_the_pictures(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "a.jpg")
    with pytest.raises(InputError, match="another folder than that of the pictures"):
        find_pairs(shots, None, shots / ".." / "shots")
