"""shards/codecs.py"""

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray
from PIL import Image

from shards.codecs import (
    decode_grey_jpeg,
    decode_jpeg,
    decode_json,
    decode_png,
    encode_jpeg,
    encode_json,
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
    data = bytearray(encode_jpeg(np.zeros((16, 16, 3), np.uint8), 90))
    at = data.index(b"\xff\xc0") + 5
    data[at : at + 4] = struct.pack(">HH", 65500, 65500)  # 12.9 GB if it were decoded
    with pytest.raises(ValueError, match="65500 x 65500 pixels instead of 16 x 16"):
        decode(bytes(data), 16)


def test_a_png_of_another_size_or_kind_is_refused_by_its_header() -> None:
    mask = encode_png(np.zeros((8, 8), np.uint8), "none")
    with pytest.raises(ValueError, match="8 x 8 pixels instead of 9 x 9"):
        decode_png(mask, 9)
    with pytest.raises(ValueError, match="colour type 0 and 8 bits"):
        decode_png(mask, 8, bits=16)
    with pytest.raises(ValueError, match="no PNG"):
        decode_png(b"\x89PNG")
    with pytest.raises(ValueError, match="a damaged PNG"):
        decode_png(mask[:-30], 8)


@pytest.mark.parametrize("data", [b"", b"[]", b"[" * 100_000, b"\xff", b'{"a"'])
def test_json_that_is_no_table_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode_json(data)
