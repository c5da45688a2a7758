"""pipeline/sources/check.py, examination.py: alpha files and parts"""

from pathlib import Path

import numpy as np
import pytest
from matting import COUNT, draw_cut_outs, part_alpha
from PIL import Image, ImageCms
from small import draw_foreground

from pipeline.sources.check import check_sources
from pipeline.sources.examination import Cutting
from pipeline.sources.source import Skipped, Source
from shards.base.errors import InputError


def silent(done: int, total: int) -> None:
    """No progress."""


def check(
    root: Path, cutting: Cutting, remarks: list[str] | None = None
) -> tuple[list[Source], list[Skipped]]:
    said: list[str] = [] if remarks is None else remarks
    return check_sources(
        root, "fg", silent, remark=lambda name, words: said.append(words), cutting=cutting
    )


@pytest.fixture
def cut_outs(tmp_path: Path) -> Path:
    return draw_cut_outs(tmp_path / "cut-outs")


@pytest.fixture
def fgr(cut_outs: Path, tmp_path: Path) -> Path:
    part_alpha(cut_outs, tmp_path / "fgr", tmp_path / "pha")
    return tmp_path / "fgr"


def test_alpha_comes_from_a_folder_of_its_own(fgr: Path) -> None:
    found, skipped = check(fgr, Cutting(alpha=fgr.parent / "pha"))
    assert (len(found), skipped) == (COUNT, [])
    assert [source.alpha and source.alpha.name for source in found] == [s.name for s in found]
    assert not any(source.alpha_lies_beside for source in found)


def test_alpha_lies_beside_its_picture(cut_outs: Path, tmp_path: Path) -> None:
    part_alpha(cut_outs, tmp_path / "both", tmp_path / "both", "_mask.png")
    found, skipped = check(tmp_path / "both", Cutting())
    assert (len(found), skipped) == (COUNT, [])
    assert [(s.name, s.alpha and s.alpha.name) for s in found][-1] == ("b/4.png", "b/4_mask.png")
    assert all(source.alpha_lies_beside for source in found)


def test_what_is_wrong_with_an_alpha_file_leaves_its_picture_out(fgr: Path) -> None:
    pha = fgr.parent / "pha"
    (pha / "0.png").unlink()
    Image.new("L", (7, 9), 255).save(pha / "1.png")
    (pha / "2.png").write_bytes((pha / "2.png").read_bytes()[:-30])
    draw_foreground(3).save(pha / "b" / "3.png")
    Image.new("RGB", draw_foreground(4).size, (9, 200, 9)).save(pha / "b" / "4.png")
    draw_foreground(5).convert("RGB").save(fgr / "5.png")
    draw_foreground(5).getchannel("A").save(pha / "5.png")
    found, skipped = check(fgr, Cutting(alpha=pha))
    assert [source.name for source in found] == ["5.png"]
    width, height = draw_foreground(1).size
    assert [(entry.path, entry.reason) for entry in skipped] == [
        ("0.png", "no alpha of its own name: none in --fg-alpha"),
        ("1.png", f"its alpha 1.png: 7 x 9 pixels for a picture of {width} x {height}"),
        ("2.png", "its alpha 2.png: damaged picture: it ends within its IDAT chunk"),
        ("b/3.png", "its alpha b/3.png: transparent itself, where it should be grey"),
        ("b/4.png", "its alpha b/4.png: coloured, where it should be grey"),
    ]


def test_one_folder_for_both_gets_a_sentence(cut_outs: Path) -> None:
    with pytest.raises(InputError, match=r"--fg and --fg-alpha: .* for both"):
        check(cut_outs, Cutting(alpha=cut_outs))
    with pytest.raises(InputError, match=r"--fg-alpha .* found no such folder"):
        check(cut_outs, Cutting(alpha=cut_outs / "none"))


def test_an_alpha_folder_below_the_pictures_holds_no_sources(
    cut_outs: Path, tmp_path: Path
) -> None:
    part_alpha(cut_outs, tmp_path / "set", tmp_path / "set" / "pha")
    found, skipped = check(tmp_path / "set", Cutting(alpha=tmp_path / "set" / "pha"))
    assert (len(found), skipped) == (COUNT, [])


def grey_png16(path: Path, alpha: Image.Image) -> None:
    Image.fromarray(np.asarray(alpha).astype(np.uint16) * 257).save(path)


def with_a_profile(path: Path, alpha: Image.Image) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    alpha.convert("RGB").save(path, icc_profile=profile)


def turned(path: Path, alpha: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    alpha.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


def of_a_palette(path: Path, alpha: Image.Image) -> None:
    alpha.convert("P", palette=Image.Palette.ADAPTIVE, colors=256).save(path)


@pytest.mark.parametrize(
    "save",
    [grey_png16, with_a_profile, turned, of_a_palette, lambda path, alpha: alpha.save(path)],
)
def test_alpha_files_of_any_kind_hold_the_same_values(save: object, tmp_path: Path) -> None:
    from pipeline.sources.cut_outs import read_alpha

    alpha = draw_foreground(1).getchannel("A")
    save(tmp_path / "a.png", alpha)  # type: ignore[operator]
    assert np.array_equal(np.asarray(read_alpha((tmp_path / "a.png").read_bytes())), alpha)


def two_objects(gap: int = 20) -> Image.Image:
    """Two cut-outs on one canvas, the second lower, and a crumb."""
    first, second = draw_foreground(0), draw_foreground(1)
    width = first.width + gap + second.width
    canvas = Image.new("RGBA", (width, first.height + second.height))
    canvas.paste(first, (0, 0))
    canvas.paste(second, (first.width + gap, first.height))
    canvas.putpixel((width - 1, 0), (255, 255, 255, 255))
    return canvas


def test_each_separate_object_becomes_a_source(tmp_path: Path) -> None:
    two_objects().save(tmp_path / "two.png")
    draw_foreground(2).save(tmp_path / "whole.png")
    found, skipped = check(tmp_path, Cutting(split_objects=True))
    assert skipped == []
    assert [(source.name, source.part) for source in found] == [
        ("two.png", 0),
        ("two.png", 1),
        ("whole.png", None),
    ]
    assert len({source.identity for source in found}) == 3
    assert found[2].identity == found[2].sha256


def test_a_picture_of_several_objects_is_pointed_out_with_the_option(tmp_path: Path) -> None:
    two_objects().save(tmp_path / "two.png")
    draw_foreground(2).save(tmp_path / "whole.png")
    remarks: list[str] = []
    found, _ = check(tmp_path, Cutting(), remarks)
    assert remarks == ["2 separate objects: --split-objects makes a source of each"]
    assert [source.part for source in found] == [None, None]


def test_a_part_that_is_too_small_is_left_out_by_its_number(tmp_path: Path) -> None:
    canvas = Image.new("RGBA", (40, 30))
    canvas.paste((200, 10, 10, 255), (0, 0, 12, 7))
    canvas.paste((10, 200, 10, 255), (30, 20, 35, 25))
    canvas.save(tmp_path / "a.png")
    found, skipped = check(tmp_path, Cutting(split_objects=True))
    assert [source.part for source in found] == [0]
    reason = "part 1: too small: 5 x 5 of its alpha box, and the longest side is under 8"
    assert [(entry.path, entry.reason) for entry in skipped] == [("a.png", reason)]


def test_crumbs_alone_are_no_source(tmp_path: Path) -> None:
    canvas = Image.new("RGBA", (90, 30))
    for i in range(30):
        canvas.paste((9, 9, 9, 255), (3 * i, 0, 3 * i + 2, 30))
    canvas.save(tmp_path / "a.png")
    with pytest.raises(InputError, match="no part that holds over 5 % of its alpha"):
        check(tmp_path, Cutting(split_objects=True))


def test_folders_give_categories_and_groups(tmp_path: Path) -> None:
    for seed, name in enumerate(("a.png", "cars/b.png", "cars/red/c.png", "signs/d.png")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        draw_foreground(seed).save(tmp_path / name)
    found, _ = check(tmp_path, Cutting(category="thing"))
    assert [(source.category, source.group) for source in found] == [
        ("thing", ""),
        ("cars", "cars"),
        ("cars", "cars/red"),
        ("signs", "signs"),
    ]
    backgrounds, _ = check_sources(tmp_path, "bg", silent)
    assert [(source.category, source.group) for source in backgrounds][1] == (None, "cars")


def test_a_category_that_no_file_at_the_root_gets_is_said(tmp_path: Path) -> None:
    (tmp_path / "cars").mkdir()
    draw_foreground(0).save(tmp_path / "cars" / "a.png")
    remarks: list[str] = []
    check(tmp_path, Cutting(), remarks)
    assert remarks == []
    check(tmp_path, Cutting(category="thing"), remarks)
    assert len(remarks) == 1
    assert remarks[0].startswith("--category thing applies to none of these: they lie in folders")
    draw_foreground(1).save(tmp_path / "b.png")
    remarks.clear()
    check(tmp_path, Cutting(category="thing"), remarks)
    assert remarks == []
