"""pipeline/sources/decode.py"""

import contextlib
import io
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from picture_bytes import encode, png16
from PIL import Image

from pipeline.sources.decode import UnusablePictureError, as_rgb, decode_picture
from pipeline.sources.headers import decoding_cost
from shards.base.errors import InputError


def halves(mode: str, left: Any, right: Any) -> Image.Image:
    picture = Image.new(mode, (8, 4), left)
    picture.paste(right, (4, 0, 8, 4))
    return picture


def test_palette_with_transparency_becomes_rgba() -> None:
    picture = halves("P", 0, 1)
    picture.putpalette([255, 0, 0, 0, 0, 255])
    decoded = decode_picture(encode(picture, transparency=bytes([255, 0])))
    assert decoded.mode == "RGBA"
    assert decoded.getpixel((0, 0)) == (255, 0, 0, 255)
    assert decoded.getpixel((7, 0)) == (0, 0, 255, 0)


def test_grey_with_alpha_keeps_its_alpha() -> None:
    decoded = decode_picture(encode(halves("LA", (90, 255), (10, 40))))
    assert decoded.getpixel((7, 3)) == (10, 10, 10, 40)


def test_a_colour_key_becomes_alpha() -> None:
    decoded = decode_picture(encode(halves("RGB", (1, 2, 3), (9, 9, 9)), transparency=(9, 9, 9)))
    assert decoded.getpixel((0, 0)) == (1, 2, 3, 255)
    assert decoded.getpixel((7, 0)) == (9, 9, 9, 0)


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    values = np.array([[0, 257, 300, 32768, 65535]], np.uint16)
    decoded = decode_picture(encode(Image.fromarray(values)))
    assert decoded.mode == "RGB"
    assert np.asarray(decoded)[0, :, 0].tolist() == [0, 1, 1, 128, 255]


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr"])
def test_modes_without_alpha_become_rgb(mode: str) -> None:
    format = "PNG" if mode in ("1", "L") else "JPEG"
    assert decode_picture(encode(Image.new(mode, (8, 8)), format)).mode == "RGB"


@pytest.mark.parametrize("format", ["JPEG", "TIFF", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(orientation: int, format: str) -> None:
    upright = np.zeros((24, 16, 3), np.uint8)
    upright[:8, :8] = 255  # the bright corner belongs at the top left
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    picture = Image.fromarray(upright)
    stored = picture if orientation == 1 else picture.transpose(undo[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    quality = {"quality": 100} if format in ("JPEG", "WEBP") else {}
    decoded = np.asarray(decode_picture(encode(stored, format, exif=exif, **quality)))
    assert decoded.shape == upright.shape
    assert abs(decoded.astype(int) - upright).max() < 40


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"# a text file\n", "not a picture"),
        (encode(Image.effect_noise((64, 64), 90))[:-900], "damaged"),
        (encode(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")[:-900], "damaged"),
    ],
)
def test_what_is_no_whole_picture_is_refused_with_the_reason(data: bytes, reason: str) -> None:
    with pytest.raises(UnusablePictureError, match=reason):
        decode_picture(data)


@pytest.mark.parametrize(("colour", "channels"), [(2, 3), (6, 4), (4, 2), (0, 1)])
def test_sixteen_bits_are_rounded_to_eight_by_257(colour: int, channels: int) -> None:
    values = np.random.default_rng(colour).integers(0, 65536, (300, 7, channels))
    values[0, :4] = np.array([[127], [128], [129], [65535]])
    decoded = np.asarray(decode_picture(png16(values, colour)))
    expected = np.rint(values / 257)
    if colour in (0, 4):
        expected = np.concatenate([expected[..., :1]] * 3 + [expected[..., 1:]], axis=2)
    assert np.array_equal(decoded, expected)


def test_a_sixteen_bit_colour_key_is_compared_in_all_its_bits() -> None:
    values = np.full((4, 8, 3), 513)
    values[:, 4:, 2] = 514
    key = (b"tRNS", struct.pack(">HHH", 513, 513, 514))
    alpha = np.asarray(decode_picture(png16(values, 2, key)))[..., 3]
    assert alpha[0].tolist() == [255] * 4 + [0] * 4


def test_known_bytes_are_not_searched_for_damage_again() -> None:
    whole = encode(Image.effect_noise((64, 64), 90).convert("RGB"), "JPEG")
    closed = whole[:-200] + b"\xff\xd9"
    assert decode_picture(closed, known=True).size == (64, 64)
    with pytest.raises(UnusablePictureError, match="premature end of data"):
        decode_picture(closed)


def test_limits_hold_by_the_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    small = png16(np.zeros((4, 4, 3)), 2)
    path.write_bytes(small)
    assert 16 < decoding_cost(path) < 2000
    wide = struct.pack(">IIBBBBB", 8001, 8000, 8, 2, 0, 0, 0)
    lie = small[:16] + wide + struct.pack(">I", zlib.crc32(b"IHDR" + wide)) + small[33:]
    path.write_bytes(lie)
    for read in (lambda: decoding_cost(path), lambda: decode_picture(lie)):
        with pytest.raises(UnusablePictureError, match="8001 x 8000 is over 64,000,000 pixels"):
            read()


def test_warnings_of_decoders_neither_show_nor_change_the_outcome() -> None:
    picture = Image.new("P", (8, 8))
    picture.putpalette([255, 0, 0] * 256)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decode_picture(encode(picture, transparency=bytes(range(256))))
        broken = b"Exif\0\0MM\0*\xff\xff\xff\xff\0\1"
        decode_picture(encode(Image.new("RGB", (8, 8)), "JPEG", exif=broken))
    assert caught == []


def whole_pictures() -> list[bytes]:
    """A small picture in every format that is read."""
    picture = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    formats = ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP", "JPEG2000", "AVIF", "PPM")
    return [encode(picture, format) for format in formats]


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(whole_pictures()), st.data())
def test_damaged_bytes_give_a_picture_or_a_reason(whole: bytes, data: st.DataObject) -> None:
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        changed = changed or bytearray(b"\0")
    if changed.startswith(b"\x89PNG") and data.draw(st.booleans()):
        changed = with_right_checksums(changed)
    with contextlib.suppress(UnusablePictureError):
        picture = decode_picture(bytes(changed))
        assert picture.mode in ("RGB", "RGBA")
        assert picture.tobytes()


def with_right_checksums(data: bytearray) -> bytearray:
    """A PNG whose chunks have the checksums of what is in them now."""
    at = 8
    while at + 12 <= len(data):
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        if end + 4 > len(data):
            break
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[at + 4 : end]))
        at = end + 4
    return data


def test_reasons_are_one_line_whatever_a_decoder_quotes() -> None:
    whole = encode(Image.new("L", (8, 8)))
    with pytest.raises(UnusablePictureError, match=r"within its I\\n\\x1bT chunk"):
        decode_picture(whole[:-12] + b"\0\0\1\0I\n\x1bT" + bytes(9))


def test_a_large_jpeg_in_several_scans_is_not_reduced(
    tmp_path: Path,
) -> None:
    whole = bytearray(encode(Image.new("RGB", (16, 16)), "JPEG"))
    frame, scan = whole.index(b"\xff\xc0"), whole.index(b"\xff\xda")
    whole[frame + 5 : frame + 9] = struct.pack(">HH", 20_000, 30_000)
    path = tmp_path / "x.jpg"
    path.write_bytes(whole)
    assert decoding_cost(path) < 400_000_000  # decoded at 1/4
    whole[scan + 4] = 1  # of three components
    path.write_bytes(whole)
    with pytest.raises(UnusablePictureError, match="30000 x 20000 is over 64,000,000 pixels"):
        decoding_cost(path)


def test_pictures_of_a_few_bytes_are_read() -> None:
    assert decode_picture(b"P4\n8 8\n" + bytes(8)).size == (8, 8)


def many_files() -> dict[str, bytes]:
    """Pictures of the kinds that Pillow gives otherwise than their files are read here."""
    ramp = np.arange(24 * 16, dtype=np.uint16).reshape(16, 24) * 170
    colour = np.dstack([ramp, ramp[::-1], 65535 - ramp])
    turned = Image.Exif()
    turned[0x0112] = 6
    picture = Image.linear_gradient("L").resize((24, 16)).convert("RGB")
    palette = halves("P", 0, 1)
    palette.putpalette([255, 0, 0, 0, 0, 255])
    return {
        "turned JPEG": encode(picture, "JPEG", exif=turned),
        "turned PNG": encode(picture, exif=turned),
        "turned 16-bit grey": encode(Image.fromarray(ramp), exif=turned),
        "16-bit grey": encode(Image.fromarray(ramp)),
        "16-bit grey TIFF": encode(Image.fromarray(ramp), "TIFF"),
        "16-bit colour": png16(colour, 2),
        "16-bit colour and alpha": png16(np.dstack([colour, ramp]), 6),
        "16-bit grey and alpha": png16(np.dstack([ramp, ramp]), 4),
        "black and white": encode(picture.convert("1")),
        "palette": encode(palette, transparency=bytes([255, 0])),
        "CMYK": encode(picture.convert("CMYK"), "JPEG"),
        "alpha": encode(halves("RGBA", (1, 2, 3, 255), (9, 9, 9, 40))),
    }


@pytest.mark.parametrize("name", many_files())
def test_a_pil_picture_is_seen_as_its_file_is_read(name: str) -> None:
    data = many_files()[name]
    expected = np.asarray(decode_picture(data).convert("RGB"))
    with Image.open(io.BytesIO(data)) as opened:
        assert np.array_equal(np.asarray(as_rgb(opened, "image")), expected)
        assert np.array_equal(np.asarray(as_rgb(opened, "image")), expected)  # now it is loaded


def test_a_loaded_sixteen_bit_picture_keeps_the_high_byte_that_pillow_read() -> None:
    data = png16(np.full((4, 4, 3), 0x12F0), 2)
    with Image.open(io.BytesIO(data)) as opened:
        opened.load()
        assert as_rgb(opened, "image").getpixel((0, 0)) == (0x12, 0x12, 0x12)
    assert decode_picture(data).getpixel((0, 0)) == (0x13, 0x13, 0x13)


@pytest.mark.parametrize(
    ("given", "found"),
    [
        (Image.new("F", (4, 4)), "floating-point pixels"),
        (np.zeros((4, 4, 3), np.uint16), r"uint16 \(4, 4, 3\)"),
        (np.zeros((4, 4), np.uint8), r"uint8 \(4, 4\)"),
        ("shot.jpg", "<U8"),
    ],
)
def test_what_is_no_picture_in_memory_is_refused_in_a_sentence(given: Any, found: str) -> None:
    with pytest.raises(InputError, match=f"image: expected .*found {found}"):
        as_rgb(given, "image")
