"""pipeline/depth/merge_layers.py: objects over the map so far, in paint order"""

import hashlib
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_layers import CANVAS, INVERSE, METRIC, SIDE, joined, layer_of, placed_at, ramp
from numpy.typing import NDArray

from pipeline.compositing.place import Box
from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layers import BackgroundLayer, ForegroundLayer, background_layer
from pipeline.depth.merge_layers import MARGIN, join_layers
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding

FLAT = layer_of(np.full((SIDE, SIDE), 0.5, np.float32))
PLAIN = background_layer(np.full((SIDE, SIDE), 0.5, np.float32), INVERSE)


@pytest.mark.parametrize("bottom", [40, 50, 62])
def test_a_flat_object_has_the_depth_of_the_scene_where_it_stands(bottom: int) -> None:
    background = background_layer(ramp(0.1, 0.9), INVERSE)
    codes, clipped = joined(background, FLAT, placed_at((10, bottom - 30, 20, 30)))
    inside = codes[bottom // 2 - 15 : bottom // 2 - 2, 5:15]
    row = background.codes[bottom // 2 - 1, 0]
    assert np.all(np.abs(inside.astype(int) - int(row)) <= 0.041 * 65535)
    assert clipped == 0


def test_it_stands_at_the_same_distance_in_metres() -> None:
    background = background_layer(ramp(60, 5), METRIC)
    flat = layer_of(np.full((SIDE, SIDE), 7, np.float32), METRIC)
    codes, _ = joined(background, flat, placed_at((10, 20, 20, 30)), coding=METRIC)
    metres, behind = (METRIC.values(each, METRIC.size) for each in (codes, background.codes))
    assert metres[12, 10] == pytest.approx(behind[24, 0], rel=0.05)


def test_an_object_keeps_its_relief_and_a_larger_one_has_more_of_it() -> None:
    values = np.repeat(np.linspace(0.4, 0.6, SIDE, dtype=np.float32)[None], SIDE, axis=0)
    spans = []
    for length in (16, 32):
        codes, _ = joined(PLAIN, layer_of(values), placed_at((8, 8, length, length)))
        inside = codes[6 : 4 + length // 2 - 2, 6 : 4 + length // 2 - 2].astype(int)
        assert np.all(np.diff(inside, axis=1) >= 0)
        spans.append(np.ptp(inside))
    assert spans[1] > 1.5 * spans[0] > 0


def test_what_the_object_does_not_cover_stays_as_it_was() -> None:
    box = (11, 13, 21, 30)
    background = background_layer(ramp(0.9, 0.1), INVERSE)
    codes, _ = joined(background, FLAT, placed_at(box))
    outside = np.ones((SIDE, SIDE), bool)
    outside[6:22, 5:16] = False
    assert np.array_equal(codes[outside], background.codes[outside])
    shadow, _ = joined(background, FLAT, placed_at(box, 60))
    assert np.array_equal(shadow, background.codes)


def test_relief_beyond_the_range_is_clipped_and_counted() -> None:
    background = background_layer(np.full((SIDE, SIDE), 0.9, np.float32), INVERSE)
    codes, clipped = joined(background, layer_of(ramp(0.9, 0.1)), placed_at((12, 12, 40, 40)))
    assert clipped > 0
    assert codes.max() == INVERSE.largest


def test_a_value_that_is_clipped_for_two_objects_counts_once() -> None:
    background = background_layer(np.full((SIDE, SIDE), 0.9, np.float32), INVERSE)
    steep, placed = layer_of(ramp(0.9, 0.1)), placed_at((12, 12, 40, 40))
    once, twice = (joined(background, steep, *[placed] * times)[1] for times in (1, 2))
    assert 200 < once <= twice <= 20 * 20


@pytest.mark.parametrize("canvas", [(50, 50), (60, 60), (224, 224), (224, 60), (50, 300)])
@pytest.mark.parametrize("side", [SIDE, 48])
def test_maps_need_not_divide_the_canvas(canvas: Size, side: int) -> None:
    width, height = canvas
    size = (min(side, width), min(side + 8, height))
    coding = DepthCoding.over_range(0, 1, kind="inverse", unit="relative", bits=12, size=size)
    background = background_layer(ramp(0.1, 0.6), coding)
    placed = placed_at((width - 9, height - 17, 9, 17), flip=True)
    codes, _ = join_layers(background, [(FLAT, placed)], canvas, coding)
    assert codes.shape == size[::-1]
    assert codes[-1, -1] > background.codes[-1, -1]


def upright_scenes() -> Iterator[
    tuple[BackgroundLayer, ForegroundLayer, PlacedObject, Size, DepthCoding]
]:
    """Sixty scenes of one upright object, made of integers and of multiples of 2^-53."""
    rng = np.random.default_rng(2022)
    for number in range(60):
        kind = ("inverse", "metric")[number % 2]
        canvas, side = (64, 60, 224)[number % 3], (32, 28, 48)[number // 3 % 3]
        width, height = (int(side) for side in rng.integers(1, canvas + 1, 2))
        x, y = (int(rng.integers(0, canvas - length + 1)) for length in (width, height))
        alpha = np.full((height, width), 255, np.uint8)
        if number % 4 == 0:
            alpha = rng.integers(0, 256, (height, width), np.uint8)
        if number % 4 == 1:
            alpha[: height // 3] = 100
        codes = rng.integers(0, 4096, (side, side), np.uint16)
        if number % 5:
            codes = np.sort(codes, axis=0)
        shape = int(rng.integers(1, 60)), int(rng.integers(1, 60))
        relief = rng.uniform(-0.5, 1, shape).astype(np.float32)
        base, longest = float(rng.uniform(0.3, 1)), float(rng.uniform(0.2, 0.8))
        low, high = (0, 1) if kind == "inverse" else (1, 80)
        yield (
            BackgroundLayer(codes=codes, clipped=3),
            ForegroundLayer(relief=relief, base=base, longest=longest, centre=(0.5, 0.5)),
            placed_at((x, y, width, height), alpha, flip=bool(number // 2 % 2)),
            (canvas, canvas),
            DepthCoding.over_range(low, high, kind=kind, unit="", bits=12, size=(side, side)),
        )


def test_the_codes_of_one_upright_object_do_not_change() -> None:
    digest, total = hashlib.sha256(), 0
    for background, layer, placed, canvas, coding in upright_scenes():
        codes, clipped = join_layers(background, [(layer, placed)], canvas, coding)
        digest.update(codes.tobytes())
        total += clipped
    assert total == 5676
    assert digest.hexdigest() == "e5142faafedab1870ada77693590b82b4dca0567190376d347c8ee9121436b52"


@st.composite
def boxes(draw: st.DrawFn, beyond: int = 20) -> Box:
    """A box of which at least a pixel is on the canvas."""
    width, height = draw(st.integers(1, CANVAS)), draw(st.integers(1, CANVAS))
    x = draw(st.integers(max(1 - width, -beyond), CANVAS - 1 if beyond else CANVAS - width))
    y = draw(st.integers(max(1 - height, -beyond), CANVAS - 1 if beyond else CANVAS - height))
    return x, y, width, height


@st.composite
def scenes(
    draw: st.DrawFn,
) -> tuple[BackgroundLayer, list[tuple[ForegroundLayer, PlacedObject]], DepthCoding]:
    """A noisy scene, and one to four objects of noise that may cross the edges and be turned."""
    coding = draw(st.sampled_from([INVERSE, METRIC]))
    top = 1.0 if coding is INVERSE else 80.0
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    objects = []
    for box in draw(st.lists(boxes(), min_size=1, max_size=4)):
        alpha: NDArray[np.uint8] | int = 255
        if draw(st.booleans()):
            alpha = rng.integers(0, 256, (box[3], box[2]), np.uint8)
        rotation = draw(st.sampled_from([0.0, 0.0, -20.5, 90.0, 133.25]))
        values = rng.uniform(0, top, (SIDE, SIDE)).astype(np.float32)
        placed = placed_at(box, alpha, flip=draw(st.booleans()), rotation=rotation)
        objects.append((layer_of(values, coding), placed))
    values = rng.uniform(0, top, (SIDE, SIDE)).astype(np.float32)
    return background_layer(values, coding), objects, coding


def solid_pixels(placed: PlacedObject) -> NDArray[np.bool_]:
    """Where on the map (32, 32) an object's mean alpha is surely enough to be its own depth."""
    x, y, width, height = placed.box
    wide = np.zeros((3 * CANVAS, 3 * CANVAS))
    wide[CANVAS + y : CANVAS + y + height, CANVAS + x : CANVAS + x + width] = np.asarray(
        placed.picture
    )[..., 3]
    seen = wide[CANVAS : 2 * CANVAS, CANVAS : 2 * CANVAS]
    solid: NDArray[np.bool_] = seen.reshape(SIDE, 2, SIDE, 2).mean(axis=(1, 3)) >= 193
    return solid


@given(scenes())
def test_what_is_painted_later_is_nearer_than_what_it_hides(
    scene: tuple[BackgroundLayer, list[tuple[ForegroundLayer, PlacedObject]], DepthCoding],
) -> None:
    """By the margin, or at the near end of the range by what room is left there."""
    background, objects, coding = scene
    alone = ForegroundLayer(relief=np.zeros((1, 1), np.float32), base=1, longest=1, centre=(0, 0))
    away = (alone, placed_at((-9, -9, 1, 1)))
    before, _ = join_layers(background, [*objects[:-1], away], (CANVAS, CANVAS), coding)
    codes, clipped = join_layers(background, objects, (CANVAS, CANVAS), coding)
    solid = solid_pixels(objects[-1][1])
    behind, last = (coding.values(each, coding.size)[solid] for each in (before, codes))
    step = 1.5 * coding.scale
    if coding is INVERSE:
        assert np.all(last >= np.minimum(behind + MARGIN, 1) - step)
    else:
        assert np.all(last <= np.maximum(behind * (1 - MARGIN), 1) + step)
    assert 0 <= clipped - background.clipped <= codes.size


@pytest.mark.parametrize(
    ("coding", "count"), [(INVERSE, 2), (INVERSE, 3), (INVERSE, 255), (METRIC, 3), (METRIC, 40)]
)
def test_many_objects_one_over_the_other_are_each_in_front(coding: DepthCoding, count: int) -> None:
    values = np.full((SIDE, SIDE), 0.8 if coding is INVERSE else 3, np.float32)
    background, flat = background_layer(values, coding), layer_of(values, coding)
    before = background.codes.astype(np.int64)
    placed = [placed_at((0, 0, 64, 64))] * count
    away = placed_at((-9, -9, 1, 1))
    for number in range(1, count + 1, max(1, count // 10)):
        codes, _ = joined(
            background, flat, *placed[:number], *[away] * (count - number), coding=coding
        )
        step = codes.astype(np.int64) - before
        assert np.all(step > 0 if coding is INVERSE else step < 0)
        before = codes.astype(np.int64)


@given(scenes())
def test_objects_at_once_are_objects_one_after_the_other(
    scene: tuple[BackgroundLayer, list[tuple[ForegroundLayer, PlacedObject]], DepthCoding],
) -> None:
    """But for the room that they leave at the near end."""
    background, objects, coding = scene
    codes, _ = join_layers(background, objects, (CANVAS, CANVAS), coding)
    so_far, most = background, np.zeros((SIDE, SIDE), np.int64)
    for each in objects:
        joined_codes, _ = join_layers(so_far, [each], (CANVAS, CANVAS), coding)
        so_far = BackgroundLayer(codes=joined_codes, clipped=0)
        near = joined_codes if coding is INVERSE else coding.largest - joined_codes.astype(np.int64)
        most = np.maximum(most, near)
    if most.max() < 0.98 * coding.largest:
        assert np.array_equal(so_far.codes, codes)
    assert np.abs(so_far.codes.astype(np.int64) - codes).max() <= 0.1 * coding.largest


@given(scenes())
def test_outside_the_boxes_nothing_changes(
    scene: tuple[BackgroundLayer, list[tuple[ForegroundLayer, PlacedObject]], DepthCoding],
) -> None:
    background, objects, coding = scene
    codes, _ = join_layers(background, objects, (CANVAS, CANVAS), coding)
    outside = np.ones((SIDE, SIDE), bool)
    for _, placed in objects:
        x, y, width, height = placed.box
        rows = slice(max(y, 0) // 2, max(0, -(-(y + height) // 2)))
        outside[rows, max(x, 0) // 2 : max(0, -(-(x + width) // 2))] = False
    assert np.array_equal(codes[outside], background.codes[outside])


def test_no_object_is_the_background_alone() -> None:
    background = BackgroundLayer(codes=PLAIN.codes, clipped=7)
    codes, clipped = join_layers(background, [], (CANVAS, CANVAS), INVERSE)
    assert np.array_equal(codes, PLAIN.codes)
    assert codes is not PLAIN.codes
    assert clipped == 7


@pytest.mark.parametrize(
    "box", [(-20, 3, 20, 9), (CANVAS, 3, 5, 5), (3, -4, 9, 4), (3, CANVAS + 2, 9, 9)]
)
def test_an_object_beyond_the_canvas_has_no_say(box: Box) -> None:
    codes, clipped = joined(PLAIN, FLAT, placed_at(box))
    assert np.array_equal(codes, PLAIN.codes)
    assert clipped == 0


@pytest.mark.parametrize("across", [True, False])
@pytest.mark.parametrize("shift", [-16, -6, 6, 16])
def test_an_object_across_an_edge_is_the_whole_one_without_what_lies_outside(
    across: bool, shift: int
) -> None:
    """Before a plain scene: where it stands is as far away everywhere."""
    values = np.add.outer(np.linspace(0.4, 0.5, SIDE), np.linspace(0, 0.2, SIDE))
    layer = layer_of(values.astype(np.float32))
    start = 0 if shift < 0 else CANVAS - 40
    whole = joined(PLAIN, layer, placed_at((start, start, 40, 40)))[0]
    x, y = (start + shift, start) if across else (start, start + shift)
    cut = joined(PLAIN, layer, placed_at((x, y, 40, 40)))[0]
    if not across:
        whole, cut = whole.T, cut.T
    steps = abs(shift) // 2
    if shift < 0:
        assert np.array_equal(cut[:, : SIDE - steps], whole[:, steps:])
    else:
        assert np.array_equal(cut[:, steps:], whole[:, : SIDE - steps])


@given(boxes(beyond=0), st.booleans(), st.sampled_from([0.0, 15.5, -40.25]))
def test_a_mirrored_object_on_a_mirrored_scene_is_the_mirrored_map(
    box: Box, flip: bool, rotation: float
) -> None:
    x, y, width, height = box
    layer = layer_of(ramp(0.4, 0.6).T.copy())
    background = background_layer(ramp(0.2, 0.7), INVERSE)
    codes, _ = joined(background, layer, placed_at(box, flip=flip, rotation=rotation))
    box = (CANVAS - x - width, y, width, height)
    again, _ = joined(background, layer, placed_at(box, flip=not flip, rotation=-rotation))
    assert np.all(np.abs(again[:, ::-1].astype(int) - codes) <= 0.05 * INVERSE.largest)
