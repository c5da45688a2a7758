"""pipeline/sources/formats/profiles.py: pictures with a colour profile are brought to sRGB"""

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_profiles import SRGB, WIDE, cmyk_profile, expected_srgb, grey_profile, matrix_profile
from picture_bytes import encode, png16
from PIL import Image, ImageCms
from small import draw_foreground, small_options

from pipeline.build import build_dataset
from pipeline.convert import convert_dataset
from pipeline.sources.check import check_sources
from pipeline.sources.decode import as_rgb, decode_picture
from pipeline.sources.formats.profiles import is_srgb
from shards.reading.open import open_dataset

WIDE_GAMUT = matrix_profile(WIDE, 2.2)
OWN = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def colours(channels: int = 3) -> np.ndarray:
    return np.random.default_rng(channels).integers(0, 256, (16, 24, channels), dtype=np.uint8)


def test_colours_are_those_that_the_profile_means() -> None:
    pixels = colours()
    found = np.asarray(decode_picture(encode(Image.fromarray(pixels), icc_profile=WIDE_GAMUT)))
    expected = expected_srgb(pixels, WIDE, 2.2)
    assert np.abs(found - expected).max() < 3
    assert np.abs(found.astype(int) - pixels).max() > 20


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF", "AVIF"])
def test_every_format_that_carries_a_profile_is_converted(format: str) -> None:
    picture = Image.new("RGB", (32, 32), (200, 100, 100))
    quality = {} if format in ("PNG", "TIFF") else {"quality": 100}
    data = encode(picture, format, icc_profile=WIDE_GAMUT, **quality)
    (expected,) = expected_srgb(np.array([(200, 100, 100)]), WIDE, 2.2)
    found = np.array(decode_picture(data).getpixel((16, 16)))
    assert np.abs(found - expected).max() < 6
    assert found[0] > 210


def test_alpha_stays_as_it_is() -> None:
    pixels = colours(4)
    found = np.asarray(decode_picture(encode(Image.fromarray(pixels), icc_profile=WIDE_GAMUT)))
    assert np.array_equal(found[..., 3], pixels[..., 3])
    assert np.abs(found[..., :3] - expected_srgb(pixels[..., :3], WIDE, 2.2)).max() < 3


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_profiles_are_for_grey_pictures(mode: str) -> None:
    values = np.arange(256, dtype=np.uint8).reshape(16, 16)
    picture = Image.fromarray(values)
    if mode == "LA":
        picture.putalpha(Image.fromarray(values.T.copy()))
    elif mode == "I;16":
        picture = Image.fromarray(values.astype(np.uint16) * 257)
    found = np.asarray(decode_picture(encode(picture, icc_profile=grey_profile(1.0))))
    linear = values[..., None] / 255
    expected = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(found[..., :3] - 255 * expected).max() < 3
    if mode == "LA":
        assert np.array_equal(found[..., 3], values.T)


def test_cmyk_is_read_by_its_own_profile() -> None:
    ink = Image.new("CMYK", (16, 16), (255, 0, 255, 0))
    plain = decode_picture(encode(ink, "TIFF"))
    found = decode_picture(encode(ink, "TIFF", icc_profile=cmyk_profile()))
    assert plain.getpixel((0, 0)) == (0, 255, 0)
    red, green, blue = found.getpixel((0, 0))  # type: ignore[misc]
    assert red == green == blue
    assert abs(red - 119) < 8  # L* 50


@pytest.mark.parametrize("channels", [3, 4])
def test_sixteen_bits_are_converted_too(channels: int) -> None:
    values = colours(channels).astype(np.uint16) * 257
    chunk = b"iCCP", b"x\0\0" + zlib.compress(WIDE_GAMUT)
    found = np.asarray(decode_picture(png16(values, {3: 2, 4: 6}[channels], chunk)))
    expected = expected_srgb(values[..., :3] / 257, WIDE, 2.2)
    assert np.abs(found[..., :3] - expected).max() < 3


@pytest.mark.parametrize("profile", [OWN, b""])
def test_pictures_that_are_srgb_keep_every_pixel(profile: bytes) -> None:
    pixels = colours(4)
    data = encode(Image.fromarray(pixels), icc_profile=profile)
    assert np.array_equal(np.asarray(decode_picture(data)), pixels)
    assert not is_srgb(WIDE_GAMUT)
    assert not is_srgb(matrix_profile(SRGB, 1.8))


def damaged_profiles() -> dict[str, tuple[bytes, str]]:
    no_tags = WIDE_GAMUT[:128] + bytes(4)
    return {
        "noise": (b"no profile at all" * 20, "a damaged colour profile"),
        "cut": (WIDE_GAMUT[:200], "a damaged colour profile"),
        "empty": (no_tags, "a damaged colour profile"),
        "of another kind": (cmyk_profile(), "a colour profile for CMYK in a picture of RGBA"),
        "of grey": (grey_profile(2.2), "a colour profile for GRAY in a picture of RGBA"),
    }


@pytest.mark.parametrize("name", damaged_profiles())
def test_a_profile_that_cannot_be_used_is_said_and_the_picture_is_used(
    name: str, tmp_path: Path
) -> None:
    profile, words = damaged_profiles()[name]
    picture = draw_foreground(0)
    picture.save(tmp_path / "x.png", icc_profile=profile)
    said: list[tuple[str, str]] = []
    found, skipped = check_sources(
        tmp_path, "fg", lambda done, total: None, lambda *remark: said.append(remark)
    )
    assert (len(found), skipped) == (1, [])
    assert [name for name, _ in said] == ["x.png"]
    assert said[0][1].startswith(words)
    assert said[0][1].endswith("used without it")
    decoded = decode_picture((tmp_path / "x.png").read_bytes())
    assert np.array_equal(np.asarray(decoded), np.asarray(picture))


def test_opened_pictures_are_converted_as_their_files_are() -> None:
    data = encode(Image.fromarray(colours()), icc_profile=WIDE_GAMUT)
    with Image.open(io.BytesIO(data)) as opened:
        before = np.array(opened)
        assert np.array_equal(np.asarray(as_rgb(opened, "image")), np.asarray(decode_picture(data)))
        assert np.array_equal(np.asarray(opened), before)


def test_a_build_is_the_same_again_and_in_other_colours(sources: Path, tmp_path: Path) -> None:
    digests = []
    for name, profile in (("plain", None), ("wide", WIDE_GAMUT), ("again", WIDE_GAMUT)):
        folder = tmp_path / name
        for role in ("fg", "bg"):
            (folder / role).mkdir(parents=True)
            for path in (sources / role).iterdir():
                with Image.open(path) as picture:
                    settings: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
                    picture.save(folder / role / path.name, **settings)
        out = tmp_path / f"{name}.shards"
        digests.append(build_dataset(small_options(folder, out, depth_model="none")).digest)
    assert digests[1] == digests[2] != digests[0]
    assert "littlecms2" in open_dataset(tmp_path / "wide.shards").manifest["versions"]


def test_a_jpeg_of_others_with_a_profile_is_encoded_anew(tmp_path: Path) -> None:
    picture = Image.new("RGB", (32, 32), (200, 100, 100))
    for place in ("image", "background", "mask"):
        (tmp_path / "in" / place).mkdir(parents=True)
    for place in ("image", "background"):
        for name, profile in (("a", WIDE_GAMUT), ("b", OWN)):
            path = tmp_path / "in" / place / f"{name}.jpg"
            picture.save(path, icc_profile=profile, quality=95)
    for name in "ab":
        Image.new("L", (32, 32), 255).save(tmp_path / "in" / "mask" / f"{name}.png")
    convert_dataset(tmp_path / "in", tmp_path / "out", "tar", val_fraction=0, workers=1)
    wide, own = sorted(open_dataset(tmp_path / "out"), key=lambda sample: sample.info["name"])
    assert own.get("image.jpg") == (tmp_path / "in" / "image" / "b.jpg").read_bytes()
    (expected,) = expected_srgb(np.array([(200, 100, 100)]), WIDE, 2.2)
    for pixels in (wide.image, wide.background):
        assert np.abs(pixels[16, 16] - expected).max() < 6
