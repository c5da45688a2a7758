"""pipeline/sources/alpha.py: stray alpha does not say how large an object is"""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from small import draw_foreground, small_options

from pipeline.build import build_dataset
from pipeline.sources.alpha import alpha_box, crop_to_alpha, object_share
from pipeline.sources.check import check_sources
from pipeline.sources.decode import UnusablePictureError
from shards.reading.open import open_dataset

CASES = Path(__file__).parents[4] / "shared" / "cases" / "stray_alpha"


def with_stray_pixels(picture: Image.Image, alpha: int) -> Image.Image:
    """The picture in the middle of a canvas nine times as large, a pixel of `alpha` in corners."""
    width, height = picture.size
    large = Image.new("RGBA", (3 * width, 3 * height))
    large.paste(picture, (width, height))
    large.putpixel((0, 0), (200, 10, 10, alpha))
    large.putpixel((3 * width - 1, 3 * height - 1), (10, 200, 10, alpha))
    return large


def test_crop_takes_the_alpha_box() -> None:
    picture = Image.new("RGBA", (20, 10), (255, 0, 0, 0))
    picture.paste((0, 255, 0, 8), (3, 2, 9, 6))
    picture.paste((0, 255, 0, 7), (0, 0, 1, 1))
    assert crop_to_alpha(picture).size == (6, 4)
    with pytest.raises(UnusablePictureError, match="wholly transparent"):
        crop_to_alpha(Image.new("RGBA", (5, 5), (1, 2, 3, 0)))
    with pytest.raises(UnusablePictureError, match="largest alpha is 7 of 255, under 8"):
        crop_to_alpha(Image.new("RGBA", (5, 5), (1, 2, 3, 7)))


@given(st.binary(min_size=48, max_size=48))
def test_the_box_is_where_alpha_is_at_least_eight(data: bytes) -> None:
    alpha = np.frombuffer(data, np.uint8).reshape(6, 8) // 16  # about half below 8
    rows, columns = np.nonzero(alpha >= 8)
    box = alpha_box(Image.fromarray(alpha))
    if not len(rows):
        assert box is None
    else:
        assert box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


def test_object_share_tells_a_speck_from_glass() -> None:
    assert object_share(Image.new("RGBA", (200, 100), (0, 0, 0, 255))) == 1
    assert object_share(Image.new("RGBA", (200, 100), (0, 0, 0, 90))) == 1
    faint = Image.new("RGBA", (200, 100), (0, 0, 0, 90))
    faint.putpixel((3, 3), (0, 0, 0, 255))
    assert object_share(faint) == 0


@pytest.mark.parametrize("alpha", [1, 7])
def test_stray_alpha_changes_no_pixel_of_a_data_set(
    alpha: int, sources: Path, tmp_path: Path
) -> None:
    made = {}
    for name, value in (("clean", 0), ("stray", alpha)):
        folder = tmp_path / name
        shutil.copytree(sources / "bg", folder / "bg")
        (folder / "fg").mkdir()
        for seed in range(3):
            picture = with_stray_pixels(draw_foreground(seed), value)
            picture.save(folder / "fg" / f"{seed}.png")
        out = tmp_path / f"{name}.shards"
        build_dataset(small_options(folder, out, depth_model="none", val_fraction=0))
        made[name] = open_dataset(out)
    for clean, stray in zip(made["clean"], made["stray"], strict=True):
        assert clean.info == stray.info
        assert clean.get("image.jpg") == stray.get("image.jpg")
        assert clean.get("mask.png") == stray.get("mask.png")


@pytest.mark.skipif(not CASES.is_dir(), reason="the inputs that went wrong are not here")
def test_matting_results_with_stray_alpha_are_used_at_their_true_size() -> None:
    found, skipped = check_sources(CASES, "fg", lambda done, total: None)
    assert len(found) == 2
    assert not skipped
    for source in found:
        picture = Image.open(CASES / source.name).convert("RGBA")
        cropped = crop_to_alpha(picture)
        assert max(cropped.size) < 0.5 * max(picture.size)
        assert object_share(cropped) > 0.3
