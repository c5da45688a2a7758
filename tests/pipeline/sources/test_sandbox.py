"""pipeline/sources/sandbox.py: pictures that take far more than they show, and decoders that die"""

from pathlib import Path

import psutil
import pytest
from made_files import drawn, encode, fine_jpeg2000, tiff_of_a_tile, tiled_jpeg2000
from small import draw_background

from pipeline.sources import sandbox
from pipeline.sources.check import check_sources
from pipeline.sources.decode import decode_picture, read_picture
from shards.base.errors import RunError

HUNGRY = [tiled_jpeg2000(1), fine_jpeg2000(1, 6), tiff_of_a_tile(16_000)]


@pytest.mark.parametrize("data", HUNGRY)
def test_a_picture_that_its_decoder_dies_of_ends_the_check_with_its_name(
    data: bytes, tmp_path: Path
) -> None:
    draw_background(0).save(tmp_path / "a.png")
    (tmp_path / "b").write_bytes(data)
    words = rf"{tmp_path}/b: .*its decoder died of it, twice: it took over .* MB; remove this file"
    with pytest.raises(RunError, match=words):
        check_sources(tmp_path, "bg", lambda done, total: None)
    with pytest.raises(RunError, match=words):
        read_picture(tmp_path / "b")
    before = psutil.Process().memory_info().rss
    assert psutil.Process().memory_info().rss - before < 50_000_000


def test_the_next_picture_after_a_death_is_decoded() -> None:
    with pytest.raises(sandbox.DeadDecoderError):
        decode_picture(HUNGRY[0])
    for format in ("JPEG2000", "TIFF", "AVIF"):
        assert decode_picture(encode(drawn(), format)).size == drawn().size


def test_sandboxes_that_were_killed_while_idle_are_replaced() -> None:
    data = encode(drawn(), "TIFF")
    decode_picture(data)
    idle = [
        c for c in psutil.Process().children() if "pipeline.sources.sandboxed_decode" in c.cmdline()
    ]
    assert idle
    for child in idle:
        child.kill()
        child.wait()
    assert decode_picture(data).size == drawn().size
