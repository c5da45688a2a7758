"""depthmask/drawing/sample_data.py, scenes.py and caster.py"""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from depthmask.drawing.caster import Camera, Light, Look, Texture, cast, vector
from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from depthmask.drawing.scenes import STYLES, draw_scene
from depthmask.drawing.shapes import Box, Ellipsoid, Plane
from pipeline.sources.check import check_sources
from shards.base.errors import InputError

GREY = Look(texture=Texture(np.full((8, 8, 3), 128, np.uint8)))
DAY = Light(sun=vector(0, 1, 0), ambient=0.5, sky_low=vector(1, 1, 1), sky_high=vector(0.4, 0.6, 1))


def test_a_wall_is_as_far_as_it_stands() -> None:
    wall = Plane(vector(0, 0, 7.5), vector(1, 0, 0), vector(0, -1, 0), GREY)
    view = cast([wall], Camera(vector(0, 0, 0)), DAY, height=16, width=20)
    assert view.depth == pytest.approx(7.5, rel=1e-5)


def test_the_ground_is_as_far_as_its_ray_says() -> None:
    ground = Plane(vector(0, 0, 0), vector(0, 0, 1), vector(1, 0, 0), GREY)
    view = cast([ground], Camera(vector(0, 2, 0), focal=1.0), DAY, height=32, width=32)
    down = ((np.arange(32) + 0.5) / 32 - 0.5)[16:]
    assert view.depth[16:, 5] == pytest.approx(2 / down, rel=1e-4)
    assert np.isinf(view.depth[:16]).all()


def test_a_ball_is_nearest_at_its_middle() -> None:
    ball = Ellipsoid(vector(0, 0, 5), np.full(3, 1.5, np.float32), GREY)
    view = cast([ball], Camera(vector(0, 0, 0)), DAY, height=65, width=65)
    assert view.depth[32, 32] == pytest.approx(3.5, rel=1e-3)
    assert view.depth[32, 32] == view.depth[np.isfinite(view.depth)].min()


def test_what_is_nearer_hides_what_is_farther() -> None:
    near = Box(vector(0, 0, 3), vector(0.4, 0.4, 0.1), GREY)
    far = Box(vector(0, 0, 9), vector(4, 4, 0.1), GREY)
    for shapes in ([near, far], [far, near]):
        depth = cast(shapes, Camera(vector(0, 0, 0)), DAY, height=33, width=33).depth
        assert depth[16, 16] == pytest.approx(2.9, rel=1e-4)
        assert depth[16, 6] == pytest.approx(8.9, rel=1e-4)


@pytest.mark.parametrize("style", STYLES)
def test_scenes_are_functions_of_their_seed(style: str) -> None:
    first, second = (
        draw_scene(np.random.default_rng(5), height=48, width=64, style=style) for _ in range(2)
    )
    assert np.array_equal(first.colour, second.colour)
    assert np.array_equal(first.depth, second.depth)
    assert first.colour.shape == (48, 64, 3)
    assert first.colour.std() > 0.02
    finite = first.depth[np.isfinite(first.depth)]
    assert finite.min() > 0
    assert finite.max() > 1.2 * finite.min()


def test_sample_data_is_made_of_usable_sources_and_draws_the_same_again(tmp_path: Path) -> None:
    outs = [tmp_path / name for name in ("a", "b")]
    for out in outs:
        drawn = draw_sample_data(SampleDataOptions(out=out, cars=3, scenes=2, people=2, signs=1))
        assert drawn == {"cars": 3, "people": 2, "signs": 1, "scenes": 2}
    for role, folder, count in (("fg", "cars", 3), ("fg", "objects", 6), ("bg", "scenes", 2)):
        found, skipped = check_sources(outs[0] / folder, role, lambda done, total: None)  # type: ignore[arg-type]
        assert (len(found), len(skipped)) == (count, 0)
        again, _ = check_sources(outs[1] / folder, role, lambda done, total: None)  # type: ignore[arg-type]
        assert found == again
    for scene in (outs[0] / "scenes").iterdir():
        with Image.open(outs[0] / "depth" / f"{scene.stem}.png") as depth, Image.open(scene) as p:
            assert depth.size == p.size
            assert np.asarray(depth).std() > 1000


def test_the_objects_are_a_folder_for_each_category_with_the_cars_among_them(
    tmp_path: Path,
) -> None:
    draw_sample_data(SampleDataOptions(out=tmp_path, cars=2, scenes=1, people=1, signs=1))
    categories = {path.name for path in (tmp_path / "objects").iterdir()}
    assert categories == {"cars", "people", "signs"}
    for car in (tmp_path / "cars").iterdir():
        assert car.read_bytes() == (tmp_path / "objects" / "cars" / car.name).read_bytes()


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="expected a new or empty folder"):
        draw_sample_data(SampleDataOptions(out=tmp_path))
    with pytest.raises(InputError, match="--cars: expected 1 to 100000, found 0"):
        SampleDataOptions(out=tmp_path / "x", cars=0)
