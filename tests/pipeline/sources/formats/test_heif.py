"""pipeline/sources/formats/heif.py: pictures of telephones, with and without their extra"""

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_files import encode
from PIL import Image
from small import draw_background, draw_foreground, small_options

from pipeline.build import build_dataset
from pipeline.convert import convert_dataset
from pipeline.sources.check import check_sources
from pipeline.sources.decode import UnusablePictureError, as_rgb, decode_picture
from pipeline.sources.formats.heif import PACKAGE, import_heif, is_heif
from shards.reading.open import open_dataset

INSTALLED = importlib.util.find_spec("pillow_heif") is not None
HEAD = b"\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf" + bytes(40)


def heic(picture: Image.Image, **settings: Any) -> bytes:
    import_heif()
    return encode(picture, "HEIF", **settings)


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (HEAD, True),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", True),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf", False),
        (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", False),
        (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom", False),
        (b"\x89PNG\r\n\x1a\n", False),
        (b"", False),
    ],
)
def test_heif_is_known_by_its_brands(head: bytes, expected: bool) -> None:
    assert is_heif(io.BytesIO(head)) == expected


def test_without_the_extra_the_reason_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    import_heif.cache_clear()
    (tmp_path / "a.heic").write_bytes(HEAD)
    draw_background(0).save(tmp_path / "b.png")
    found, skipped = check_sources(tmp_path, "bg", lambda done, total: None)
    assert [source.name for source in found] == ["b.png"]
    assert skipped[0].reason == "HEIC, which takes an extra: pip install 'depthmask[heif]'"
    import_heif.cache_clear()


needs_heif = pytest.mark.skipif(not INSTALLED, reason="needs the extra heif")


@needs_heif
def test_pixels_and_alpha_are_those_of_the_picture() -> None:
    for picture in (draw_background(0), draw_foreground(0)):
        found = decode_picture(heic(picture, quality=100, chroma=444))
        assert (found.mode, found.size) == (picture.mode, picture.size)
        shown = np.asarray(picture).astype(int)
        difference = np.abs(np.asarray(found) - shown)
        if picture.mode == "RGBA":
            difference = difference[shown[..., 3] > 200]
        assert difference.mean() < 6


@needs_heif
def test_opened_pictures_are_seen_as_their_files_are() -> None:
    data = heic(draw_background(0))
    with Image.open(io.BytesIO(data)) as opened:
        assert np.array_equal(np.asarray(as_rgb(opened, "image")), np.asarray(decode_picture(data)))


@needs_heif
def test_damaged_heif_gets_a_reason() -> None:
    data = heic(draw_background(0))
    for damaged in (data[:40], data[: len(data) // 2], HEAD):
        with pytest.raises(UnusablePictureError, match="damaged picture"):
            decode_picture(damaged)


@needs_heif
def test_a_build_in_processes_reads_heic_and_plans_with_its_version(
    sources: Path, tmp_path: Path
) -> None:
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (tmp_path / role).mkdir()
        for seed in range(3):
            data = heic(draw(seed), quality=90)  # type: ignore[operator]
            (tmp_path / role / f"IMG_{seed}.HEIC").write_bytes(data)
    digests = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        options = small_options(tmp_path, out, depth_model="none", workers=workers)
        digests.append(build_dataset(options).digest)
        again = build_dataset(options)
        assert (again.shards_made, again.digest) == (0, digests[-1])
        assert "libheif" in open_dataset(out).manifest["versions"][PACKAGE]
    assert digests[0] == digests[1]
    plain = build_dataset(small_options(sources, tmp_path / "plain", depth_model="none"))
    assert PACKAGE not in plain.versions


@needs_heif
def test_folders_of_heic_are_taken_over(tmp_path: Path) -> None:
    picture = draw_background(0).resize((32, 32))
    for place in ("image", "background", "mask"):
        (tmp_path / "in" / place).mkdir(parents=True)
    for place in ("image", "background"):
        (tmp_path / "in" / place / "a.heic").write_bytes(heic(picture))
    Image.new("L", (32, 32), 255).save(tmp_path / "in" / "mask" / "a.png")
    convert_dataset(tmp_path / "in", tmp_path / "out", "tar", val_fraction=0, workers=1)
    (sample,) = open_dataset(tmp_path / "out")
    assert np.abs(sample.image.astype(int) - np.asarray(picture)).mean() < 8
    assert PACKAGE in open_dataset(tmp_path / "out").manifest["versions"]
