"""pipeline/sources/roles.py: whether --fg and --bg are what they are called"""

import shutil
from pathlib import Path

import pytest
from PIL import Image
from small import draw_background

from pipeline.planning.options import BuildOptions
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.watcher import SilentWatcher
from shards.base.errors import InputError


class Remarks(SilentWatcher):
    """A watcher that keeps what is remarked."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, str, str]] = []

    def remark(self, role: str, name: str, words: str) -> None:
        self.kept.append((role, name, words))


def plan(fg: Path, bg: Path) -> list[tuple[str, str, str]]:
    watcher = Remarks()
    options = BuildOptions(fg=fg, bg=bg, out="nowhere", size=32, samples=8, depth_model="none")
    plan_build(options, watcher)
    return watcher.kept


def test_one_folder_for_both_is_refused_by_whatever_path(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(sources / "fg")
    for other in (sources / "fg", sources / "bg" / ".." / "fg", tmp_path / "link"):
        with pytest.raises(InputError, match="--fg and --bg: expected a folder of foregrounds and"):
            plan(sources / "fg", other)


def test_exchanged_folders_are_said_to_be(sources: Path) -> None:
    with pytest.raises(InputError, match="found the two swapped; swap them"):
        plan(sources / "bg", sources / "fg")


def test_opaque_pictures_with_an_alpha_channel_are_seen_to_be_exchanged_too(
    sources: Path, tmp_path: Path
) -> None:
    for number in range(3):
        draw_background(number).convert("RGBA").save(tmp_path / f"{number}.png")
    with pytest.raises(InputError, match="swap them"):
        plan(tmp_path, sources / "fg")
    remarks = plan(tmp_path, sources / "bg")  # opaque foregrounds alone may be meant
    assert {words for _, _, words in remarks} == {"opaque everywhere: used as a rectangle"}


def test_one_cut_out_among_the_foregrounds_is_enough(sources: Path, tmp_path: Path) -> None:
    for number in range(3):
        draw_background(number).convert("RGBA").save(tmp_path / f"{number}.png")
    picture = Image.new("RGBA", (40, 40), (200, 0, 0, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 40, 20))
    picture.save(tmp_path / "z.png")
    assert len(plan(tmp_path, sources / "fg")) == 3


def test_a_folder_within_the_other_is_said_and_used(sources: Path, tmp_path: Path) -> None:
    shutil.copytree(sources / "bg", tmp_path / "pictures")
    shutil.copytree(sources / "fg", tmp_path / "pictures" / "cars")
    remarks = plan(tmp_path / "pictures" / "cars", tmp_path / "pictures")
    assert ("bg", "cars", "the folder of --fg: backgrounds, too") in remarks
    remarks = plan(tmp_path / "pictures", tmp_path / "pictures" / "cars")
    assert ("fg", "cars", "the folder of --bg: foregrounds, too") in remarks


def test_folders_that_hold_no_picture_are_left_to_the_check_of_sources(tmp_path: Path) -> None:
    for name in ("fg", "bg"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "notes.txt").write_text("notes")
    with pytest.raises(InputError, match=r"notes\.txt: not a picture"):
        plan(tmp_path / "fg", tmp_path / "bg")
