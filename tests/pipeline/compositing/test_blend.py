"""pipeline/compositing/blend.py, composite.py, foreground.py"""

import numpy as np
import pytest
from PIL import Image
from small import draw_foreground

from pipeline.compositing.composite import compose
from pipeline.compositing.foreground import prepare_foreground, scale_foreground
from pipeline.compositing.place import Box, scaled_size
from pipeline.compositing.placed_object import upright
from pipeline.sources.alpha import crop_to_alpha

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
