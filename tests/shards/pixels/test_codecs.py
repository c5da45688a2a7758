"""shards/pixels/codecs.py"""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from shards.base.canonical_json import decode_json, encode_json
from shards.pixels.codecs import (
    _chunk,
    decode_grey_jpeg,
    decode_jpeg,
    decode_png,
    encode_jpeg,
    encode_png,
)

sides = st.tuples(st.integers(1, 24), st.integers(1, 24))


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(16, 16), (33, 17), (1, 1), (101, 64)])
@pytest.mark.parametrize("quality", [30, 90, 100])
def test_jpegs_decode_to_the_pixels_that_pillow_sees(size: tuple[int, int], quality: int) -> None:
    data = encode_jpeg(noise(*size), quality)
    by_pillow = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(decode_jpeg(data), by_pillow)


def test_jpegs_are_baseline_with_subsampled_colour() -> None:
    with Image.open(io.BytesIO(encode_jpeg(noise(32, 32), 90))) as picture:
        assert "progressive" not in picture.info
        assert picture.layer[0][1:3] == (2, 2)  # type: ignore[attr-defined]


@given(sides.flatmap(lambda size: arrays.arrays(np.uint16, size)), st.sampled_from(["none", "up"]))
def test_pillow_reads_sixteen_bit_pngs_bit_for_bit(pixels: NDArray[np.uint16], how: str) -> None:
    data = encode_png(pixels, how)  # type: ignore[arg-type]
    by_pillow = np.asarray(Image.open(io.BytesIO(data)))
    assert np.array_equal(by_pillow.astype(np.uint16), pixels)
    assert np.array_equal(decode_png(data), pixels)
    assert decode_png(data).dtype == np.uint16


@given(sides.flatmap(lambda size: arrays.arrays(np.uint8, size)), st.sampled_from(["none", "up"]))
def test_eight_bit_pngs_come_back_bit_for_bit(pixels: NDArray[np.uint8], how: str) -> None:
    decoded = decode_png(encode_png(pixels, how))  # type: ignore[arg-type]
    assert decoded.dtype == np.uint8
    assert np.array_equal(decoded, pixels)


def test_equal_rows_give_equal_bytes_whatever_was_encoded_before() -> None:
    rng = np.random.default_rng(3)
    masks = [(rng.random((48, 48)) < share).astype(np.uint8) * 255 for share in (0.02, 0.3, 0.9)]
    slopes = [np.add.outer(np.arange(48), np.arange(48) * k).astype(np.uint16) for k in (1, 7, 80)]
    first = [encode_png(m, "none") for m in masks] + [encode_png(s, "up") for s in slopes]
    for _ in range(50):
        rng.integers(0, 255, int(rng.integers(10_000, 300_000)), dtype=np.uint8)
        again = [encode_png(m, "none") for m in masks] + [encode_png(s, "up") for s in slopes]
        assert again == first


def test_json_is_canonical() -> None:
    assert encode_json({"b": [1, 2], "a": "ä"}) == b'{"a":"\\u00e4","b":[1,2]}'


@pytest.mark.parametrize("decode", [decode_jpeg, decode_grey_jpeg])
def test_a_jpeg_of_another_size_is_refused_by_its_header(decode: Callable[..., object]) -> None:
    data = bytearray(encode_jpeg(np.zeros((16, 32, 3), np.uint8), 90))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65500, 65500)  # 12.9 GB if it were decoded
    with pytest.raises(ValueError, match="65500 x 65500 pixels instead of 32 x 16"):
        decode(bytes(data), (32, 16))


def test_a_png_of_another_size_or_kind_is_refused_by_its_header() -> None:
    mask = encode_png(np.zeros((8, 8), np.uint8), "none")
    with pytest.raises(ValueError, match="8 x 8 pixels instead of 9 x 8"):
        decode_png(mask, (9, 8))
    with pytest.raises(ValueError, match="colour type 0 and 8 bits"):
        decode_png(mask, (8, 8), bits=16)
    with pytest.raises(ValueError, match="no PNG"):
        decode_png(b"\x89PNG")
    with pytest.raises(ValueError, match="a damaged PNG"):
        decode_png(mask[:-30], (8, 8))


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 100_000, b"\xff", b'{"a"'])
def test_json_that_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(data)


def other_forms(data: bytes) -> dict[str, bytes]:
    """The same picture as other writers, and damage, would have it."""
    body = zlib.decompress(data[41:-16])
    broken = data[:50] + bytes([data[50] ^ 1]) + data[51:]
    half = len(data[41:-16]) // 2
    cut = (_chunk(b"IDAT", data[41 : 41 + half]), _chunk(b"IDAT", data[41 + half : -16]))
    return {
        "two IDAT chunks": data[:33] + b"".join(cut) + data[-12:],
        "a text chunk": data[:33] + _chunk(b"tEXt", b"a\0b") + data[33:],
        "stored": data[:33] + _chunk(b"IDAT", zlib.compress(body, 0)) + data[-12:],
        "wrong checksum": broken,
        "rows too few": data[:33] + _chunk(b"IDAT", zlib.compress(body[:-9])) + data[-12:],
        "no end": data[:-12],
    }


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_pngs_that_others_wrote_decode_alike_and_damage_is_refused(dtype: type) -> None:
    pixels = np.random.default_rng(0).integers(0, 250, (9, 9)).astype(dtype)
    for row_filter in ("none", "up"):
        data = encode_png(pixels, row_filter)  # type: ignore[arg-type]
        for form, other in other_forms(data).items():
            if form in ("wrong checksum", "rows too few"):
                with pytest.raises(ValueError, match="a damaged PNG"):
                    decode_png(other, (9, 9))
            else:
                assert np.array_equal(decode_png(other, (9, 9)), pixels), form


@settings(deadline=None)  # Pillow loads its plugins at first
@given(arrays.arrays(np.uint16, arrays.array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_our_pngs_decode_as_pillow_decodes_them(codes: NDArray[np.uint16]) -> None:
    for pixels in (codes, (codes >> 8).astype(np.uint8)):
        for row_filter in ("none", "up"):
            data = encode_png(pixels, row_filter)  # type: ignore[arg-type]
            with Image.open(io.BytesIO(data)) as picture:
                assert np.array_equal(decode_png(data), np.asarray(picture))


def test_a_small_file_that_claims_huge_sides_takes_no_memory() -> None:
    header = struct.pack(">IIBBBBB", 2**30, 2**30, 8, 0, 0, 0, 0)
    small = zlib.compress(bytes(100))
    data = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", small)
    with pytest.raises(ValueError, match="a damaged PNG"):
        decode_png(data + _chunk(b"IEND", b""))
