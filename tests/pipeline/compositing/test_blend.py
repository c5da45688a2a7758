"""pipeline/compositing/blend.py, composite.py, foreground.py"""

import dataclasses
import importlib.util
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from small import draw_foreground, small_options

from pipeline.build import build_dataset
from pipeline.compositing.blend import blend_used
from pipeline.compositing.composite import compose
from pipeline.compositing.foreground import prepare_foreground, scale_foreground
from pipeline.compositing.place import Box, scaled_size
from pipeline.compositing.placed_object import upright
from pipeline.planning.scene_fields import BLENDS
from pipeline.sources.alpha import crop_to_alpha
from shards.reading.open import open_dataset

needs_opencv = pytest.mark.skipif(
    importlib.util.find_spec("cv2") is None, reason="needs the extra poisson"
)

GREY = np.full((64, 64, 3), 128, np.uint8)


def placed(box: Box, flip: bool = False) -> tuple[np.ndarray, np.ndarray]:
    ready = prepare_foreground(crop_to_alpha(draw_foreground(2)), 64, 0.72)
    return composed(GREY, scale_foreground(ready, box[2:]), box, flip)


def composed(
    background: np.ndarray, picture: Image.Image, box: Box, flip: bool
) -> tuple[np.ndarray, np.ndarray]:
    if flip:
        picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    return compose(background, [upright(picture, box)])


def test_the_mask_is_zero_outside_the_box_and_the_image_is_the_background() -> None:
    image, mask = placed((10, 20, 30, 25))
    outside = np.ones((64, 64), bool)
    outside[20:45, 10:40] = False
    assert not mask[outside].any()
    assert (image[mask == 0] == 128).all()
    assert mask.max() == 255


def test_soft_alpha_is_kept_and_blends() -> None:
    image, mask = placed((10, 20, 30, 25))
    soft = (mask > 0) & (mask < 255)
    assert soft.sum() > 20
    assert (image[soft] != 128).any()


def test_flips_mirror_the_foreground_alone() -> None:
    _, mask = placed((10, 20, 30, 25))
    _, mirrored = placed((10, 20, 30, 25), flip=True)
    assert np.array_equal(mirrored[20:45, 10:40], mask[20:45, 10:40][:, ::-1])


@pytest.mark.parametrize("colour", [(255, 255, 255), (250, 200, 40)])
def test_bright_edges_get_no_dark_fringe(colour: tuple[int, int, int]) -> None:
    disc = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    y, x = np.mgrid[:300, :300]
    pixels = np.asarray(disc).copy()
    pixels[np.hypot(x - 150, y - 150) < 120] = (*colour, 255)
    cropped = crop_to_alpha(Image.fromarray(pixels))
    ready = prepare_foreground(cropped, 64, 0.72)
    background = np.full((64, 64, 3), colour, np.uint8)
    image, mask = composed(background, scale_foreground(ready, (37, 37)), (5, 5, 37, 37), False)
    assert abs(image.astype(int) - np.array(colour)).max() <= 2
    assert ((mask > 0) & (mask < 255)).any()


def test_large_foregrounds_are_reduced_to_little_more_than_their_largest_use() -> None:
    ready = prepare_foreground(Image.new("RGBA", (1000, 400), (1, 2, 3, 255)), 64, 0.5)
    assert ready.picture.size == (40, 16)
    assert ready.size == (1000, 400)


def test_one_pixel_foregrounds_are_placed() -> None:
    ready = prepare_foreground(Image.new("RGBA", (900, 1), (255, 0, 0, 255)), 64, 0.72)
    box = (3, 4, *scaled_size(ready.size, 0.5, (64, 64), (0.4, 0.72)))
    image, mask = composed(GREY, scale_foreground(ready, box[2:]), box, False)
    assert box[3] == 1
    assert (image[mask == 255] == (255, 0, 0)).all()


def striped(side: int) -> np.ndarray:
    return np.random.default_rng(side).integers(60, 200, (side, side, 3), np.uint8)


@needs_opencv
@pytest.mark.parametrize("blend", BLENDS)
def test_no_blend_paints_where_alpha_is_0_and_every_mask_is_alpha(blend: str) -> None:
    background = striped(96)
    ready = prepare_foreground(crop_to_alpha(draw_foreground(2)), 96, 0.72)
    picture = scale_foreground(ready, (50, 40))
    each = dataclasses.replace(upright(picture, (21, 33, 50, 40)), blend=blend)
    image, mask = compose(background, [each])
    assert np.array_equal(mask[33:73, 21:71], np.asarray(picture)[..., 3])
    assert np.array_equal(image[mask == 0], background[mask == 0])
    assert not np.array_equal(image, background)


def test_an_object_across_an_edge_has_no_soft_edge_there() -> None:
    background, picture = striped(64), Image.new("RGBA", (40, 40), (250, 10, 10, 255))
    across = dataclasses.replace(upright(picture, (-20, 12, 40, 40)), blend="soft")
    image, _ = compose(background, [across])
    assert np.all(image[20:44, :10] == (250, 10, 10))
    assert not np.all(image[20:44, 19] == (250, 10, 10))


def test_what_cannot_be_blended_is_pasted_and_said() -> None:
    canvas, picture = (64, 64), Image.new("RGBA", (20, 20), (250, 10, 10, 255))
    assert blend_used("poisson", picture, (10, 10, 20, 20), canvas) == "poisson"
    assert blend_used("poisson", picture, (0, 10, 20, 20), canvas) == "alpha"
    assert blend_used("soft", picture, (0, 10, 20, 20), canvas) == "soft"


@needs_opencv
def test_a_mix_of_blends_does_not_depend_on_workers_and_is_written_down(
    sources: Path, tmp_path: Path
) -> None:
    changes = {"samples": 40, "blend": "mix", "objects": (1, 3), "truncate": 0.5}
    one, two = (small_options(sources, tmp_path / name, **changes) for name in ("one", "two"))
    assert build_dataset(one).digest == build_dataset(dataclasses.replace(two, workers=2)).digest
    dataset = open_dataset(tmp_path / "one")
    assert "OpenCV" in dataset.manifest["versions"]
    side, blends = dataset.manifest["options"]["size"][0], set()
    for sample in dataset:
        for each in sample.info["objects"]:
            x, y, width, height = each["box"]
            blends.add(each["blend"])
            if each["blend"] == "poisson":
                assert min(x, y) > 0
                assert max(x + width, y + height) < side
    assert blends == {"alpha", "soft", "poisson"}
