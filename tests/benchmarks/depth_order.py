"""Whether the object painted later is in front where two objects meet.

    python tests/benchmarks/depth_order.py [--scenes 200] [--objects 3] [--fg FOLDER --bg FOLDER]
        [--sheet FILE.jpg]

Objects stand one over the other on drawn scenes, or on pictures of FOLDERs, in layered and in
composite mode. An edge is a pair of neighbouring pixels of the map of which one belongs to an
object and one to another, each with alpha of at least a half; the pair is right where the pixel of
the one painted later is nearer.
"""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import click
import numpy as np
from depth_modes import coding_of, coloured, save_sheet
from drawn_composites import draw_composite
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.blend import paint
from pipeline.compositing.foreground import Foreground, prepare_foreground, scale_foreground
from pipeline.compositing.placed_object import PlacedObject
from pipeline.depth.layers import ForegroundLayer, background_layer, foreground_layer, stand_alone
from pipeline.depth.merge_layers import join_layers
from pipeline.depth.teachers.seam import Teacher
from pipeline.depth.teachers.table import load_teacher
from pipeline.sources.alpha import alpha_box, crop_to_alpha
from shards.pixels.depth_coding import DepthCoding

Pixels = NDArray[np.uint8]
_CANVAS = (224, 224)
_SCALES = (0.3, 0.6)
_SEED = 22
_SHOWN = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Material:
    """What scenes are made of."""

    backgrounds: list[Pixels]
    foregrounds: list[Foreground]


def drawn_material(count: int) -> Material:
    """Backgrounds and things of drawn composites."""
    drawn = [each for each in (draw_composite(n, _CANVAS[0]) for n in range(count)) if each]
    return Material(
        [np.asarray(each.background) for each in drawn], [each.foreground for each in drawn]
    )


def material_of(fg: Path, bg: Path) -> Material:
    """The pictures of two folders."""
    backgrounds = []
    for path in sorted(bg.iterdir()):
        picture = Image.open(path).convert("RGB")
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        part = picture.crop((left, top, left + side, top + side))
        backgrounds.append(np.asarray(part.resize(_CANVAS, Image.Resampling.BICUBIC)))
    foregrounds = [
        prepare_foreground(crop_to_alpha(Image.open(path).convert("RGBA")), _CANVAS[0], _SCALES[1])
        for path in sorted(fg.iterdir())
    ]
    return Material(backgrounds, foregrounds)


def place_some(
    rng: np.random.Generator, foregrounds: list[Foreground], objects: int, turn: float
) -> Iterator[tuple[int, PlacedObject]]:
    """Objects near the middle of the canvas, so that most of them meet others."""
    for _ in range(objects):
        index = int(rng.integers(len(foregrounds)))
        foreground = foregrounds[index]
        longest = rng.uniform(*_SCALES) * _CANVAS[0]
        size = tuple(
            max(1, round(side * longest / max(foreground.size))) for side in foreground.size
        )
        rotation = round(64 * float(rng.uniform(-turn, turn))) / 64
        flip = bool(rng.integers(2))
        picture = scale_foreground(foreground, (size[0], size[1]))
        if flip:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if rotation:
            turned = picture.convert("RGBa").rotate(
                rotation, Image.Resampling.BILINEAR, expand=True
            )
            picture = turned.convert("RGBA")
            picture = picture.crop(alpha_box(picture.getchannel("A")))
        x, y = (
            int(rng.normal(side / 2, side / 7) - length / 2)
            for side, length in zip(_CANVAS, picture.size, strict=True)
        )
        yield (
            index,
            PlacedObject(
                foreground=index,
                flip=flip,
                placement=None,
                rotation=rotation,
                box=(x, y, *picture.size),
                unturned=(size[0], size[1]),
                picture=picture,
                blend="alpha",
            ),
        )


def owners(placed: list[PlacedObject], size: tuple[int, int]) -> NDArray[np.int64]:
    """1 + the number of the topmost object that has half of a pixel of the map; 0 for none."""
    owner = np.zeros(size[::-1], np.int64)
    for number, each in enumerate(placed, 1):
        mask = Image.new("L", _CANVAS)
        mask.paste(each.picture.getchannel("A"), each.box[:2])
        owner[np.asarray(mask.resize(size, Image.Resampling.BOX)) >= 128] = number
    return owner


def edges(owner: NDArray[np.int64], codes: NDArray[np.integer]) -> NDArray[np.bool_]:
    """For each pair of neighbours of two objects, whether the later one's is nearer."""
    found = []
    for one, other in (
        (np.s_[:, 1:], np.s_[:, :-1]),
        (np.s_[1:], np.s_[:-1]),
    ):
        a, b = owner[one], owner[other]
        meet = (a > 0) & (b > 0) & (a != b)
        step = (codes[one].astype(np.int64) - codes[other])[meet]
        found.append(np.where(a[meet] > b[meet], step, -step) > 0)
    return np.concatenate(found)


def layer_of(teacher: Teacher, foreground: Foreground, coding: DepthCoding) -> ForegroundLayer:
    """A foreground's layer, as a build makes it."""
    alone, mask, box = stand_alone(foreground, _CANVAS)
    return foreground_layer(teacher.predict(alone[None])[0], mask, box, coding)


@click.command()
@click.option("--scenes", default=200, help="Scenes.")
@click.option("--objects", default=3, help="Objects of a scene.")
@click.option("--turn", default=15.0, help="Degrees that objects are turned by at most.")
@click.option("--fg", type=click.Path(path_type=Path), help="Folder of foregrounds.")
@click.option("--bg", type=click.Path(path_type=Path), help="Folder of backgrounds.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Picture of the first scenes.")
def main(
    scenes: int, objects: int, turn: float, fg: Path | None, bg: Path | None, sheet: Path | None
) -> None:
    """Print the shares."""
    import torch

    torch.set_num_threads(1)
    material = drawn_material(60) if fg is None or bg is None else material_of(fg, bg)
    teacher = load_teacher("densedepth-lite", canvas=_CANVAS)
    coding = coding_of(teacher)
    layers = [layer_of(teacher, each, coding) for each in material.foregrounds]
    rng = np.random.default_rng(_SEED)
    right: dict[str, list[NDArray[np.bool_]]] = {"layered": [], "composite": []}
    strips = []
    for _ in range(scenes):
        background = material.backgrounds[int(rng.integers(len(material.backgrounds)))]
        drawn = list(place_some(rng, material.foregrounds, objects, turn))
        placed = [each for _, each in drawn]
        image = background.copy()
        for each in placed:
            paint(image, each)
        behind, seen = teacher.predict(np.stack([background, image]))
        joined, _ = join_layers(
            background_layer(behind, coding),
            [(layers[index], each) for index, each in drawn],
            _CANVAS,
            coding,
        )
        maps = {"layered": joined, "composite": coding.codes(coding.fit(seen))[0]}
        owner = owners(placed, coding.size)
        for mode, codes in maps.items():
            right[mode].append(edges(owner, codes))
        if len(strips) < _SHOWN:
            shown = [codes / np.float32(coding.largest) for codes in maps.values()]
            strips.append([image, *map(coloured, shown)])
    click.echo("| mode | edges | pixels | the later one in front |\n|---|---:|---:|---:|")
    for mode, found in right.items():
        every = np.concatenate(found)
        met = sum(bool(len(each)) for each in found)
        click.echo(f"| {mode} | {met} scenes | {len(every):,} | {every.mean():.1%} |")
    if sheet is not None:
        save_sheet(strips, sheet)


if __name__ == "__main__":
    main()
