"""depthmask/inference/input_pictures.py: which pictures, and which background belongs to each"""

import re
from pathlib import Path

import pytest

from depthmask.inference.depth import depth_places
from depthmask.inference.input_pictures import Pair, find_pairs, find_pictures, refuse_overwriting
from shards.base.errors import InputError

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


def test_depth_takes_files_folders_and_patterns(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "b.jpg", "day/a.jpg", ".hidden.jpg")
    more = touch(tmp_path / "more", "c.png", "d.png", "e.jpg")
    assert find_pictures([shots, more / "e.jpg", more / "*.png", more / "e.jpg"], OUT) == [
        ("b", shots / "b.jpg"),
        ("day/a", shots / "day" / "a.jpg"),
        ("e", more / "e.jpg"),
        ("c", more / "c.png"),
        ("d", more / "d.png"),
    ]


def test_two_pictures_whose_results_would_have_one_name_are_refused(tmp_path: Path) -> None:
    one = touch(tmp_path, "a/x.jpg", "b/x.jpg", "b/x.png")
    both = f"one picture called x, found {one / 'a' / 'x.jpg'} and {one / 'b' / 'x.jpg'}"
    with pytest.raises(InputError, match=re.escape(both)):
        find_pictures([one / "a" / "x.jpg", one / "b" / "x.jpg"], OUT)
    with pytest.raises(InputError, match=re.escape(both)):
        find_pairs(one / "*" / "x.jpg", None, OUT)
    with pytest.raises(InputError, match=r"one picture called x, found x\.jpg and x\.png"):
        find_pictures([one / "b"], OUT)
    with pytest.raises(InputError, match=r"one picture called b/x, found x\.jpg and x\.png"):
        find_pictures([one], OUT)
    (one / "b" / "x.png").unlink()
    assert [name for name, _ in find_pictures([one], OUT)] == ["a/x", "b/x"]


def test_pictures_that_are_not_there_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    shots = touch(tmp_path / "shots", "a.jpg")
    with pytest.raises(InputError, match=r"b\.jpg: expected a picture, .*, found nothing"):
        find_pictures([shots / "a.jpg", shots / "b.jpg"], OUT)
    with pytest.raises(InputError, match=r"\*\.gif: expected pictures, found none"):
        find_pictures([shots / "a.jpg", shots / "*.gif"], OUT)
    with pytest.raises(InputError, match="another folder than that of the pictures"):
        find_pictures([shots], shots)


def test_no_result_takes_the_place_of_a_picture(tmp_path: Path) -> None:
    folder = touch(tmp_path, "x.jpg", "x.depth.png")
    inputs = [folder / "x.jpg", folder / "x.depth.png"]
    with pytest.raises(InputError, match=r"found x\.depth\.png, which is one of the pictures"):
        refuse_overwriting(inputs, depth_places(folder / ".", "x"))
    refuse_overwriting(inputs, depth_places(folder / "out", "x"))
