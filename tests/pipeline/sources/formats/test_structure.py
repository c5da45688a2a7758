"""pipeline/sources/formats/structure.py: what a picture's header asks of its decoder"""

import io
import struct

import pytest
from made_files import (
    drawn,
    encode,
    large_tiff,
    many_parts,
    tiff_of_strips,
)
from PIL import Image

from pipeline.sources.decode import UnusablePictureError, decode_picture
from pipeline.sources.formats.structure import refuse_many_parts

NOISE = Image.effect_noise((300, 200), 50)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"no_jp2": True},
        {"tile_size": (64, 64)},
        {"precinct_size": (128, 128), "codeblock_size": (32, 32), "num_resolutions": 6},
        {"precinct_size": (256, 256), "quality_layers": [40, 20, 10]},
        {"irreversible": True, "progression": "RPCL", "num_resolutions": 1},
    ],
)
@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
def test_what_encoders_make_is_read(mode: str, settings: dict[str, object]) -> None:
    assert decode_picture(encode(NOISE.convert(mode), "JPEG2000", **settings)).size == NOISE.size


def test_sizes_of_pictures_near_the_bounds_are_read() -> None:
    assert decode_picture(tiff_of_strips(1000)).size == (8, 1000)
    for format in ("PNG", "JPEG", "GIF"):
        assert decode_picture(many_parts(format, 4000)).size == drawn().size


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_both_kinds_and_orders_of_tiff_are_counted(order: str, big: bool) -> None:
    mark = b"II" if order == "<" else b"MM"
    if big:
        head = mark + struct.pack(order + "HHHQ", 43, 8, 0, 16) + struct.pack(order + "Q", 1)
        entry = struct.pack(order + "HHQQ", 273, 4, 10**6, 0)
    else:
        head = mark + struct.pack(order + "HIH", 42, 8, 1)
        entry = struct.pack(order + "HHII", 273, 4, 10**6, 0)
    with pytest.raises(UnusablePictureError, match="1,000,000 strips"):
        refuse_many_parts(io.BytesIO(head + entry), "TIFF")


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "TIFF", "JPEG2000"])
def test_headers_that_end_anywhere_are_left_to_the_decoder(format: str) -> None:
    whole = encode(drawn("RGB"), format)
    for length in range(0, min(len(whole), 400)):
        refuse_many_parts(io.BytesIO(whole[:length]), format)
    refuse_many_parts(io.BytesIO(large_tiff(9)), "TIFF")
