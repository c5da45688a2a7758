"""pipeline/preview.py"""

import dataclasses
import shutil
from pathlib import Path

import pytest
from PIL import Image
from small import small_options

from pipeline.preview import preview_place, shares, write_preview
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.watcher import SilentWatcher
from shards.base.errors import InputError


def test_a_sheet_is_written_and_nothing_else(sources: Path, tmp_path: Path) -> None:
    out = write_preview(small_options(sources, tmp_path / "s", preview=8))
    assert out == tmp_path / "s-preview.png"
    assert list(tmp_path.iterdir()) == [out]
    with Image.open(out) as sheet:
        colours = {pixel for _, pixel in sheet.getcolors(sheet.width * sheet.height) or ()}
        assert sheet.width > 4 * 256
        assert sheet.width > sheet.height
    assert len(colours) > 1000


def test_the_same_options_give_the_same_sheet(sources: Path, tmp_path: Path) -> None:
    places = [tmp_path / "a.png", tmp_path / "deep" / "b.png"]
    for place in places:
        write_preview(small_options(sources, tmp_path / "s", preview=5, preview_out=place))
    assert places[0].read_bytes() == places[1].read_bytes()
    other = small_options(sources, tmp_path / "s", preview=5, seed=1)
    assert write_preview(other).read_bytes() != places[0].read_bytes()


@pytest.mark.parametrize("wanted", [1, 3, 40, 1000])
def test_every_split_is_on_the_sheet_and_as_many_samples_as_wanted(
    wanted: int, sources: Path, tmp_path: Path
) -> None:
    options = small_options(sources, tmp_path / "s", preview=wanted, test_fraction=0.2)
    plan, _ = plan_build(options, SilentWatcher())
    found = shares(plan, wanted)
    assert all(0 < found[split] <= plan.samples[split] for split in plan.samples)
    assert sum(found.values()) == max(3, min(wanted, sum(plan.samples.values())))


def test_a_sheet_does_not_ask_the_teacher(sources: Path, tmp_path: Path) -> None:
    options = small_options(sources, tmp_path / "s", preview=4)
    plain = write_preview(options).read_bytes()
    deep = dataclasses.replace(options, depth_model="densedepth-lite")
    assert write_preview(deep).read_bytes() == plain


def test_names_of_several_lines_are_shown_in_one(sources: Path, tmp_path: Path) -> None:
    (tmp_path / "fg" / "of\ntwo").mkdir(parents=True)
    (tmp_path / "bg").mkdir()
    for path in sources.glob("fg/*"):
        shutil.copy(path, tmp_path / "fg" / "of\ntwo")
    for path in sources.glob("bg/*"):
        shutil.copy(path, tmp_path / "bg" / f"a\nb{path.name}")
    options = small_options(tmp_path, tmp_path / "s", preview=2)
    assert write_preview(options).is_file()


def test_previews_that_cannot_be_are_refused(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--preview: expected 1 to 1000, found 0"):
        small_options(sources, tmp_path / "s", preview=0)
    with pytest.raises(InputError, match="--preview-out: expected --preview N"):
        small_options(sources, tmp_path / "s", preview_out=tmp_path / "x.png")
    with pytest.raises(InputError, match="either --preview or --dry-run"):
        small_options(sources, tmp_path / "s", preview=4, dry_run=True)
    (tmp_path / "folder").mkdir()
    wrong = small_options(sources, tmp_path / "s", preview=4, preview_out=tmp_path / "folder")
    with pytest.raises(InputError, match="name another file"):
        write_preview(wrong)


def test_a_preview_of_an_address_is_written_here(sources: Path) -> None:
    options = small_options(sources, Path("s3://bucket/cars"), preview=4)
    assert preview_place(options) == Path("cars-preview.png")


def test_large_samples_are_shown_small(sources: Path, tmp_path: Path) -> None:
    out = write_preview(small_options(sources, tmp_path / "s", preview=6, size=(1200, 900)))
    with Image.open(out) as sheet:
        assert sheet.width < 1400
