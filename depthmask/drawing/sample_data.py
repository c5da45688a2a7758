"""`sample-data`: drawn cut-outs and scenes, so that a newcomer has something to begin with."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from depthmask.drawing.cutouts.cars import KINDS, draw_car
from depthmask.drawing.cutouts.people import draw_person
from depthmask.drawing.cutouts.people_poses import POSES
from depthmask.drawing.cutouts.sign_plates import PLATES
from depthmask.drawing.cutouts.signs import draw_sign
from depthmask.drawing.scenes import draw_scene, nearness, spread
from shards.base.errors import InputError
from shards.base.files import write_whole
from shards.base.names import holds_nothing
from shards.base.option_kinds import require_within
from shards.base.options import check_fields, option
from shards.pixels.codecs import encode_png
from shards.pixels.picture_files import save_picture
from shards.places.outputs import require_folder, writing

_SHAPES = ((320, 240), (320, 240), (360, 240), (300, 300), (400, 240))
_STYLES = ("street", "field", "yard", "street", "room")
_JPEG_QUALITY = 92


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SampleDataOptions:
    """What `depthmask sample-data` takes."""

    out: Path
    cars: int = option(24, "Cars to draw.")
    scenes: int = option(24, "Scenes to draw.")
    people: int = option(16, "People to draw; 0: none.")
    signs: int = option(16, "Road signs to draw; 0: none.")
    seed: int = option(0, "Seed of everything that is drawn.")

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn, naming the option."""
        check_fields(self)
        for name, least in (("cars", 1), ("scenes", 1), ("people", 0), ("signs", 0)):
            require_within(f"--{name}", getattr(self, name), least, 100_000)
        require_within("--seed", self.seed, 0, 2**63 - 1)


def draw_sample_data(
    options: SampleDataOptions, tick: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, int]:
    """Write OUT/cars, OUT/scenes, OUT/objects and OUT/depth; how many were drawn of each kind.

    `objects` holds a folder for each category: the same cars, people and signs. Equal seeds draw
    equal pictures. `depth` holds the scenes' true inverse depth as 16-bit PNGs, from .05 (far)
    to .95 (near) of their range in each picture.
    """
    out = options.out
    require_folder(out, "OUT")
    if out.exists() and (not out.is_dir() or not holds_nothing(out)):
        raise InputError(
            str(out),
            expected="a new or empty folder",
            found="something in it" if out.is_dir() else "a file",
            remedy="name another folder",
        )
    with writing(out, "nothing of it can be used"):
        _draw(options, tick)
    return {name: getattr(options, name) for name in ("cars", "people", "signs", "scenes")}


def _draw(options: SampleDataOptions, tick: Callable[[int, int], None]) -> None:
    for folder in ("cars", "scenes", "depth"):
        (options.out / folder).mkdir(parents=True, exist_ok=True)
    works = [
        (draw, number)
        for draw, count in (
            (_draw_car, options.cars),
            (_draw_person, options.people),
            (_draw_sign, options.signs),
            (_draw_scene, options.scenes),
        )
        for number in range(count)
    ]
    for done, (draw, number) in enumerate(works, 1):
        draw(options.seed, number, options.out)
        tick(done, len(works))


def _draw_car(seed: int, number: int, out: Path) -> None:
    rng = np.random.default_rng((seed, 0, number))
    kind = KINDS[number % len(KINDS)]
    car = Image.fromarray(draw_car(rng, kind=kind, length=int(rng.integers(280, 420))))
    save_picture(car, out / "cars" / f"{kind}-{number:03d}.png")
    _save_object(car, out, "cars", f"{kind}-{number:03d}.png")


def _draw_person(seed: int, number: int, out: Path) -> None:
    rng = np.random.default_rng((seed, 2, number))
    pose = tuple(POSES)[number % len(POSES)]
    person = draw_person(rng, pose=pose, height=int(rng.integers(260, 360)))
    _save_object(Image.fromarray(person), out, "people", f"{pose}-{number:03d}.png")


def _draw_sign(seed: int, number: int, out: Path) -> None:
    rng = np.random.default_rng((seed, 3, number))
    kind = tuple(PLATES)[number % len(PLATES)]
    sign = draw_sign(rng, kind=kind, height=int(rng.integers(260, 360)))
    _save_object(Image.fromarray(sign), out, "signs", f"{kind}-{number:03d}.png")


def _save_object(picture: Image.Image, out: Path, category: str, name: str) -> None:
    folder = out / "objects" / category
    folder.mkdir(parents=True, exist_ok=True)
    save_picture(picture, folder / name)


def _draw_scene(seed: int, number: int, out: Path) -> None:
    rng = np.random.default_rng((seed, 1, number))
    width, height = _SHAPES[number % len(_SHAPES)]
    style = _STYLES[number % len(_STYLES)]
    name = f"{style}-{number:03d}"
    view = draw_scene(rng, height=2 * height, width=2 * width, style=style)
    large = Image.fromarray((view.colour * 255).astype(np.uint8))
    picture = large.resize((width, height), Image.Resampling.BOX)  # averages the edges' pixels
    save_picture(picture, out / "scenes" / f"{name}.jpg", quality=_JPEG_QUALITY)
    near = spread(nearness(view.depth[::2, ::2]))
    codes = encode_png(np.rint(near * 65535).astype(np.uint16), "up")
    write_whole(out / "depth" / f"{name}.png", codes)
