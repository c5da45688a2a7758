"""pipeline/viewing: overlay.py and sheet.py"""

from dataclasses import replace

import numpy as np
from PIL import Image

from pipeline.viewing.overlay import colour_instances, colour_of, draw_overlay
from pipeline.viewing.sheet import make_sheet
from shards.reading.sample_object import SampleObject

ONE = SampleObject(
    foreground="cars/a.png",
    category="cars",
    flip=False,
    placement=0,
    rotation=0.0,
    layer=0,
    box=(4, 20, 20, 10),
    visible_box=(4, 20, 20, 10),
    area=200,
    visible=1.0,
    truncation=0.0,
    blend="alpha",
)
GREY = np.full((48, 64, 3), 90, np.uint8)


def shown(*objects: SampleObject) -> np.ndarray:
    instances = np.zeros((48, 64), np.uint8)
    for number, each in enumerate(objects, 1):
        x, y, width, height = each.box
        instances[y : y + height, x : x + width] = number
    return np.asarray(draw_overlay(GREY, instances, objects, (128, 96)))


def test_a_sample_without_objects_is_its_picture_enlarged() -> None:
    assert np.array_equal(shown(), np.full((96, 128, 3), 90))


def test_a_box_is_drawn_around_the_object_in_its_colour() -> None:
    picture = shown(ONE)
    for row in (40, 59):
        assert (picture[row, 8:48] == colour_of(1)).all()
    assert (picture[45, 12] == 90).all()
    assert (picture[70] == 90).all()


def test_objects_have_colours_of_their_own() -> None:
    picture = shown(ONE, replace(ONE, box=(36, 20, 20, 10)))
    assert (picture[50, 8] == colour_of(1)).all()
    assert (picture[50, 72] == colour_of(2)).all()
    assert len({colour_of(number) for number in range(1, 11)}) == 10


def test_names_of_two_objects_at_one_place_do_not_cover_each_other() -> None:
    once = (shown(ONE) == colour_of(1)).all(2).sum()
    both = shown(ONE, ONE)
    tag = once - 2 * (40 + 20) - (36 + 16) * 2
    assert (both == colour_of(2)).all(2).sum() > tag / 2
    assert (both[30:40] == colour_of(1)).all(2).any()


def test_a_distractor_has_a_grey_box_that_objects_boxes_lie_over() -> None:
    picture = np.asarray(
        draw_overlay(
            GREY, np.zeros((48, 64), np.uint8), [ONE], (128, 96), [(40, 20, 10, 8), ONE.box]
        )
    )
    grey = picture[40, 90]
    assert (picture[40, 80:100] == grey).all()
    assert len(set(grey.tolist()[:2])) == 1
    assert grey[0] > 90
    assert (picture[45, 90] == 90).all()
    assert (picture[50, 8] == colour_of(1)).all()
    assert (picture[59, 8:48] == colour_of(1)).all()


def test_instances_get_the_colours_of_the_overlay() -> None:
    coloured = colour_instances(np.array([[0, 1, 2, 255]], np.uint8))
    assert coloured[0].tolist() == [[0, 0, 0], *map(list, map(colour_of, (1, 2, 255)))]


def test_a_sheet_holds_every_tile_once_in_rows() -> None:
    shades = range(30, 160, 10)
    tiles = [(Image.new("RGB", (60, 40), (shade,) * 3), f"sample {shade}") for shade in shades]
    sheet = np.asarray(make_sheet(tiles))
    assert 1 < sheet.shape[1] / sheet.shape[0] < 2.2
    for shade in shades:
        assert (sheet == shade).all(2).sum() >= 60 * 40


def test_a_large_sample_is_drawn_small() -> None:
    image = np.full((1000, 2000, 3), 90, np.uint8)
    instances = np.zeros((1000, 2000), np.uint8)
    instances[400:700, 500:900] = 1
    each = replace(ONE, box=(500, 400, 400, 300))
    picture = np.asarray(draw_overlay(image, instances, [each], (200, 100)))
    assert picture.shape == (100, 200, 3)
    assert (picture[40, 50:90] == colour_of(1)).all()
    assert (picture[55, 60:80] == 90).all()
