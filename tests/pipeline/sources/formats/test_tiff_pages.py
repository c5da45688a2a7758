"""pipeline/sources/formats/tiff_pages.py: the whole picture in raw photographs and TIFFs
with a thumbnail
"""

import contextlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_files import encode
from made_raws import THUMBNAIL, jpeg_file, jpeg_strip, rgb_page, sensor_page, tiff_of
from PIL import Image
from small import draw_background

from pipeline.sources.check import check_sources
from pipeline.sources.decode import UnusablePictureError, decode_picture
from pipeline.sources.headers import decoding_cost, read_header

WHOLE = draw_background(0).resize((640, 480))


def thumbnail(**more: int):  # type: ignore[no-untyped-def]
    return rgb_page(THUMBNAIL, reduced=True, **more)


def camera_files() -> dict[str, bytes]:
    """Files whose whole picture is WHOLE, as a camera or a program wrote them."""
    sensor = sensor_page(648, 486)
    return {
        "DNG with a JPEG": tiff_of(thumbnail(), sensor, jpeg_strip(WHOLE)),
        "NEF": tiff_of(thumbnail(), jpeg_file(WHOLE), sensor),
        "NEF, big-endian": tiff_of(thumbnail(), jpeg_file(WHOLE), sensor, order=">"),
        "DNG with RGB": tiff_of(thumbnail(), sensor, rgb_page(WHOLE, reduced=True)),
        "a thumbnail, then the picture": tiff_of(thumbnail(), after=(rgb_page(WHOLE),)),
        "a thumbnail with the picture in it": tiff_of(thumbnail(), rgb_page(WHOLE), order=">"),
    }


@pytest.mark.parametrize("name", camera_files())
def test_the_whole_picture_is_found(name: str, tmp_path: Path) -> None:
    data = camera_files()[name]
    found = decode_picture(data)
    assert found.size == WHOLE.size
    assert np.abs(np.asarray(found).astype(int) - np.asarray(WHOLE)).mean() < 4
    path = tmp_path / "x.dng"
    path.write_bytes(data)
    assert read_header(path)[0] == WHOLE.size
    assert decoding_cost(path) > 640 * 480 * 10
    sources, _ = check_sources(tmp_path, "bg", lambda done, total: None)
    assert sources[0].size == WHOLE.size


@pytest.mark.parametrize("make", [jpeg_strip, jpeg_file, rgb_page])
def test_it_is_turned_as_the_first_page_says(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    data = tiff_of(thumbnail(_274=6), sensor_page(648, 486), make(WHOLE))
    expected = np.asarray(WHOLE.transpose(Image.Transpose.ROTATE_270))
    found = np.asarray(decode_picture(data))
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 4


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (
            tiff_of(thumbnail(), sensor_page(648, 486)),
            "648 x 486 as the sensor gave it, and no picture of it larger than 80 x 60",
        ),
        (
            tiff_of(thumbnail(), sensor_page(648, 486), jpeg_file(WHOLE.resize((320, 240)))),
            "no picture of it larger than 320 x 240: develop it",
        ),
        (tiff_of(sensor_page(648, 486)), "no picture of it larger than 0 x 0"),
    ],
)
def test_a_raw_photograph_without_one_is_left_out_with_the_reason(
    data: bytes, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(UnusablePictureError, match=reason):
        decode_picture(data)
    (tmp_path / "x.dng").write_bytes(data)
    (tmp_path / "y.png").write_bytes(encode(WHOLE))
    _, skipped = check_sources(tmp_path, "bg", lambda done, total: None)
    assert [entry.path for entry in skipped] == ["x.dng"]
    assert reason in skipped[0].reason


def test_other_tiffs_give_their_first_page_as_before() -> None:
    small = draw_background(1).resize((40, 30))
    pyramid = tiff_of(rgb_page(WHOLE), rgb_page(small, reduced=True))
    pages = tiff_of(rgb_page(small), after=(rgb_page(WHOLE),))
    alone = tiff_of(thumbnail())
    for data, expected in ((pyramid, WHOLE), (pages, small), (alone, THUMBNAIL)):
        assert np.array_equal(np.asarray(decode_picture(data)), np.asarray(expected))


SMALL = [
    tiff_of(rgb_page(Image.new("RGB", (4, 3)), reduced=True), sensor_page(34, 26), page)
    for page in (jpeg_strip(WHOLE.resize((32, 24))), jpeg_file(WHOLE.resize((32, 24))))
]


@given(st.sampled_from(SMALL), st.data())
def test_damaged_pages_give_a_picture_or_a_reason(whole: bytes, data: st.DataObject) -> None:
    changed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed) - 1))
        changed[at : at + 2] = data.draw(st.binary(min_size=2, max_size=2))
    del changed[data.draw(st.integers(10, len(changed))) :]
    with contextlib.suppress(UnusablePictureError):
        assert decode_picture(bytes(changed)).mode in ("RGB", "RGBA")


def test_pages_that_go_round_in_a_circle_end() -> None:
    data = bytearray(tiff_of(thumbnail(), after=(rgb_page(WHOLE),)))
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    data[first + 2 + 12 * count : first + 6 + 12 * count] = data[4:8]
    assert decode_picture(bytes(data)).size == THUMBNAIL.size
