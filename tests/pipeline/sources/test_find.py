"""pipeline/sources/find.py"""

import os
from pathlib import Path

import pytest
from PIL import Image
from small import OUTSIDE, draw_background, draw_foreground

from pipeline.sources.check import check_sources
from pipeline.sources.find import find_files
from pipeline.sources.source import Role
from shards.base.errors import InputError, RunError


def silent(done: int, total: int) -> None:
    """No progress."""


def test_files_come_in_order_of_their_utf8_bytes(tmp_path: Path) -> None:
    for name in ("b.png", "B.png", "ä.png", "a/z.png", "a b.png", "-x.png", ".hidden", ".d/x"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    expected = ["-x.png", "B.png", "a b.png", "a/z.png", "b.png", "ä.png"]
    assert find_files(tmp_path) == expected


def test_what_systems_leave_about_is_no_source_and_not_spoken_of(tmp_path: Path) -> None:
    draw_background(0).save(tmp_path / "a.png")
    for name in ("Thumbs.db", "thumbs.db", "desktop.ini", "Desktop.ini", ".DS_Store"):
        (tmp_path / name).write_bytes(b"x")
    for name in ("@eaDir", "__MACOSX", "lost+found", ".d"):
        (tmp_path / "deeper" / name).mkdir(parents=True)
        draw_background(1).save(tmp_path / "deeper" / name / "a.png")
    found, skipped = check_sources(tmp_path, "bg", silent)
    assert [source.name for source in found] == ["a.png"]
    assert not skipped


def test_the_folder_that_is_built_is_no_source(tmp_path: Path) -> None:
    draw_background(0).save(tmp_path / "a.png")
    out = tmp_path / "deep" / "shards"
    out.mkdir(parents=True)
    draw_background(1).save(out / "b.png")
    (tmp_path / "link").symlink_to(out, target_is_directory=True)
    assert find_files(tmp_path, out) == ["a.png"]
    assert find_files(tmp_path) == ["a.png", "deep/shards/b.png"]


def test_loops_of_links_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "x.png").write_bytes(b"x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "other").symlink_to(tmp_path / "a", target_is_directory=True)
    assert find_files(tmp_path) == ["a/x.png"]


def test_every_usable_picture_is_found(sources: Path) -> None:
    found, skipped = check_sources(sources / "fg", "fg", silent)
    assert [source.name for source in found] == [f"fg{i}.png" for i in range(OUTSIDE[0])]
    assert not skipped


def test_files_that_cannot_be_used_are_named_with_the_reason(tmp_path: Path) -> None:
    draw_foreground(0).save(tmp_path / "good.PNG")
    draw_background(0).save(tmp_path / "opaque.png")
    Image.new("RGBA", (30, 30), (9, 9, 9, 7)).save(tmp_path / "faint.png")
    (tmp_path / "notes.txt").write_text("notes")
    (tmp_path / "dangling.png").symlink_to(tmp_path / "nowhere")
    found, skipped = check_sources(tmp_path, "fg", silent)
    assert [source.name for source in found] == ["good.PNG"]
    reasons = {entry.path: entry.reason for entry in skipped}
    assert reasons["opaque.png"] == "no alpha channel"
    assert reasons["faint.png"].startswith("too faint: its largest alpha is 7")
    assert reasons["notes.txt"] == "not a picture"
    assert reasons["dangling.png"] == "a link to nowhere"


@pytest.mark.parametrize(
    ("make", "role", "found"),
    [
        (lambda root: None, "bg", "no such folder"),
        (lambda root: root.write_text("x"), "bg", "a file"),
        (lambda root: root.mkdir(), "bg", "an empty folder"),
        (lambda root: (root.mkdir(), (root / "a.txt").write_text("x")), "bg", "none among 1 files"),
        (lambda root: (root.mkdir(), draw_background(1).save(root / "a.png")), "fg", "no alpha"),
    ],
)
def test_a_folder_without_sources_gets_a_sentence(
    make: object, role: Role, found: str, tmp_path: Path
) -> None:
    make(tmp_path / "root")  # type: ignore[operator]
    with pytest.raises(InputError, match=found):
        check_sources(tmp_path / "root", role, silent)


def test_an_unreadable_file_ends_the_check(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root reads everything")
    draw_background(0).save(tmp_path / "a.png")
    draw_background(1).save(tmp_path / "b.png")
    (tmp_path / "b.png").chmod(0)
    with pytest.raises(RunError, match=r"b\.png: .*Permission denied; make it readable"):
        check_sources(tmp_path, "bg", silent)


def test_contents_that_are_known_are_not_decoded_again(sources: Path) -> None:
    found, _ = check_sources(sources / "fg", "fg", silent)
    known = {(found[0].sha256, None): ((None, (1, 2)),), ("0" * 64, None): ((None, (3, 4)),)}
    again, _ = check_sources(sources / "fg", "fg", silent, known=known)
    assert again[0].size == (1, 2)
    assert again[1:] == found[1:]


def on_white(folder: Path, count: int) -> None:
    """Pictures of objects on white, as shops have them."""
    for seed in range(count):
        picture = Image.new("RGB", (120, 130), (255, 255, 255))
        foreground = draw_foreground(seed).resize((60, 60))
        picture.paste(foreground, (30, 30), foreground)
        picture.save(folder / f"shop{seed}.jpg", quality=90)


def test_foregrounds_on_white_are_told_how_to_get_alpha(tmp_path: Path) -> None:
    on_white(tmp_path, 3)
    with pytest.raises(InputError) as refusal:
        check_sources(tmp_path, "fg", silent)
    words = str(refusal.value)
    assert "shop0.jpg: no alpha channel, on plain white" in words
    assert "rembg" in words
    assert "PNG" in words


def test_a_folder_where_most_lack_alpha_is_said_once(tmp_path: Path) -> None:
    on_white(tmp_path, 3)
    draw_foreground(9).save(tmp_path / "good.png")
    said: list[tuple[str, str]] = []
    found, skipped = check_sources(tmp_path, "fg", silent, lambda *remark: said.append(remark))
    assert ([source.name for source in found], len(skipped)) == (["good.png"], 3)
    assert [name for name, _ in said] == ["*"]
    assert "most of these files have no alpha: cut the objects out first" in said[0][1]
    for seed in range(4):
        draw_foreground(seed).save(tmp_path / f"more{seed}.png")
    said.clear()
    check_sources(tmp_path, "fg", silent, lambda *remark: said.append(remark))
    assert not said


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ((255, 255, 255), "on plain white: used as a rectangle"),
        ((3, 0, 5), "on plain black: used"),
        ((90, 30, 200), "on a plain colour: used"),
        (None, "opaque everywhere: used"),
    ],
)
def test_an_opaque_picture_with_alpha_is_said_with_its_ground(
    colour: tuple[int, int, int] | None, words: str, tmp_path: Path
) -> None:
    picture = draw_background(0).resize((60, 50))
    if colour is not None:
        picture = Image.new("RGB", (60, 50), colour)
        picture.paste((9, 200, 90), (20, 20, 40, 40))
    picture.putalpha(255)
    picture.save(tmp_path / "x.png")
    said: list[tuple[str, str]] = []
    check_sources(tmp_path, "fg", silent, lambda *remark: said.append(remark))
    assert words in said[0][1]
