"""Which depth mode is nearer the truth, and how far the two agree.

    python tests/benchmarks/depth_modes.py [--drawn 300] [--fg FOLDER --bg FOLDER --samples 1000]
        [--sheet FILE.png] [--drawn-sheet FILE.jpg]

On drawn composites of known depth (drawn_composites.py) both modes are compared with true inverse
depth, after the least-squares scale and shift of each picture; beside them stands the map of the
background alone, which knows nothing of the object. On FOLDERs of pictures two data sets are
built, one in each mode, and their values are compared as they are.

Errors are in shares of the range. "inside" is the object, "edge" the two pixels of the map on both
sides of its outline, "outside" the rest. "level" is how far the object's mean is off, "contrast"
the step of the map across the outline, in shares of the true one, or of that of composite mode.
"""

import dataclasses
import functools
import itertools
import tempfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import click
import numpy as np
from drawn_composites import THINGS, DrawnComposite, draw_composite
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from teacher_accuracy import spearman

from pipeline.build import build_dataset
from pipeline.compositing.composite import compose
from pipeline.compositing.foreground import scale_foreground
from pipeline.compositing.placed_object import upright
from pipeline.depth.layers import background_layer, foreground_layer, stand_alone
from pipeline.depth.merge_layers import join_layers
from pipeline.depth.teachers.seam import Teacher
from pipeline.depth.teachers.table import load_teacher
from pipeline.planning.options import BuildOptions
from shards.pixels.depth_coding import DepthCoding
from shards.reading.open import open_dataset

Map = NDArray[np.float32]
MODES = ("composite", "layered", "background alone")
_COLUMNS = ("Spearman", "inside", "outside", "edge", "level", "contrast")
_CANVAS = 224
_SHOWN = 20
_EACH = 2
"""Of each of THINGS on the sheet of drawn composites."""


def regions(mask: NDArray[np.uint8], side: int) -> tuple[NDArray[np.bool_], ...]:
    """Where a map of `side` pixels is inside an object, outside it, and at its edge."""
    coarse = Image.fromarray(mask).resize((side, side), Image.Resampling.BOX)
    solid = coarse.point(lambda value: 255 if value >= 128 else 0)
    grown, shrunk = (
        np.asarray(solid.filter(rank(5))) > 0
        for rank in (ImageFilter.MaxFilter, ImageFilter.MinFilter)
    )
    return shrunk, ~grown, grown & ~shrunk


def fitted(values: Map, truth: Map) -> Map:
    """Values with the scale and shift that bring them closest to the truth."""
    known = np.stack([values.ravel(), np.ones(values.size)], axis=1)  # (n, 2)
    factors = np.linalg.lstsq(known, truth.ravel(), rcond=None)[0]
    found: Map = (known @ factors).reshape(values.shape)
    return found


def errors(values: Map, truth: Map, mask: NDArray[np.uint8]) -> list[float]:
    """The figures of _COLUMNS for one picture (side, side); nan where a region is empty."""
    inside, outside, edge = regions(mask, len(truth))

    def rms(where: NDArray[np.bool_]) -> float:
        return float(np.sqrt(np.mean((values - truth)[where] ** 2))) if where.any() else np.nan

    solid = inside | (edge & (np.asarray(Image.fromarray(mask).resize(truth.shape)) >= 128))
    around = edge & ~solid
    steps = [float(one[solid].mean() - one[around].mean()) for one in (values, truth)]
    level = abs(float((values - truth)[inside].mean())) if inside.any() else np.nan
    return [
        spearman(values, truth), rms(inside), rms(outside), rms(edge), level,
        steps[0] / steps[1] if abs(steps[1]) > 0.02 else np.nan,
    ]  # fmt: skip


def maps_of(
    teacher: Teacher, drawn: DrawnComposite, coding: DepthCoding
) -> tuple[NDArray[np.uint8], list[Map], NDArray[np.uint8]]:
    """A drawn composite, its maps in all MODES, and its mask."""
    placed = upright(scale_foreground(drawn.foreground, drawn.box[2:]), drawn.box)
    image, mask = compose(np.asarray(drawn.background), [placed])
    alone, alone_mask, alone_box = stand_alone(drawn.foreground, (_CANVAS, _CANVAS))
    pictures = (image, np.asarray(drawn.background), alone)
    composite, behind, own = (teacher.predict(picture[None])[0] for picture in pictures)
    codes, _ = join_layers(
        background_layer(behind, coding),
        [(foreground_layer(own, alone_mask, alone_box, coding), placed)],
        (_CANVAS, _CANVAS),
        coding,
    )
    return image, [composite, coding.values(codes, coding.size), behind], mask


def true_map(drawn: DrawnComposite, side: int) -> Map:
    """True nearness (side, side), its 2nd and 98th percentile at .05 and .95, cut to [0, 1]."""
    near = np.asarray(Image.fromarray(drawn.nearness).resize((side, side), Image.Resampling.BOX))
    low, high = np.percentile(near, (2, 98))
    cut: Map = np.clip(0.05 + 0.9 * (near - low) / max(high - low, 1e-6), 0, 1)
    return cut


@dataclasses.dataclass(frozen=True, slots=True)
class Comparison:
    """What stands in a drawn composite, the errors of each of MODES, and a strip to look at."""

    thing: str
    errors: list[list[float]]
    strip: list[NDArray[np.uint8]]


def compare(number: int) -> Comparison | None:
    """The modes on a drawn composite; None where nothing would stand free in view."""
    drawn = draw_composite(number, _CANVAS)
    if drawn is None:
        return None
    teacher = _teacher()
    side = teacher.card.output_size[0]
    image, maps, mask = maps_of(teacher, drawn, coding_of(teacher))
    truth = true_map(drawn, side)
    near = [fitted(values, truth) for values in maps]
    return Comparison(
        drawn.thing,
        [errors(values, truth, mask) for values in near],
        [image, *map(coloured, (*near[:2], truth))],
    )


@functools.cache
def _teacher() -> Teacher:
    import torch

    torch.set_num_threads(1)
    return load_teacher("densedepth-lite", canvas=_CANVAS)


def coding_of(teacher: Teacher) -> DepthCoding:
    """A teacher's range in 16 bits."""
    card = teacher.card
    return DepthCoding.over_range(
        card.low, card.high, kind=card.kind, unit=card.unit, bits=16, size=card.output_size[::-1]
    )


def against_truth(count: int, workers: int, sheet: Path | None) -> None:
    """Print the errors of each mode on drawn composites, by the thing that stands in them."""
    with ProcessPoolExecutor(workers) as pool:
        found = [one for one in pool.map(compare, range(count)) if one is not None]
    _head("drawn composites", "mode")
    for thing in (*THINGS, "all"):
        # (n, modes, columns)
        rows = np.array([one.errors for one in found if thing in (one.thing, "all")])
        for mode, means in zip(MODES, np.nanmean(rows, axis=0), strict=True):
            _line(f"{thing} ({len(rows)})", mode, means)
    better = np.array([one.errors for one in found])[:, :2]  # composite, layered
    share = np.mean(better[:, 1, 0] > better[:, 0, 0])
    click.echo(f"\nlayered has the higher Spearman correlation in {share:.0%} of the pictures")
    if sheet is not None:
        strips = [[one.strip for one in found if one.thing == thing][:_EACH] for thing in THINGS]
        save_sheet(list(itertools.chain(*zip(*strips, strict=True))), sheet)


def agreement(fg: Path, bg: Path, samples: int, sheet: Path | None) -> None:
    """Build a data set in each mode, and print how far their values agree."""
    with tempfile.TemporaryDirectory(prefix="depthmask-benchmark-") as folder:
        of_mode = {}
        for mode in ("composite", "layered"):
            options = BuildOptions(
                fg=fg, bg=bg, out=Path(folder) / mode, samples=samples, depth_mode=mode,
                depth_bits=16, val_fraction=0,
            )  # fmt: skip
            build_dataset(options)
            of_mode[mode] = open_dataset(Path(folder) / mode)
        rows, strip = [], []
        for one, other in zip(of_mode["composite"], of_mode["layered"], strict=True):
            side = one.depth_codes.shape[0]
            truth, values = (
                sample.depth_codes.astype(np.float32) / np.float32(65535) for sample in (one, other)
            )
            rows.append(errors(values, truth, one.mask))
            if len(strip) < _SHOWN:
                strip.append([one.image, *map(coloured, (truth, values))])
    _head("samples", "layered against")
    _line(f"{len(rows):,} at {side} x {side}", "composite", np.nanmean(rows, axis=0))
    if sheet is not None:
        save_sheet(strip, sheet)


def coloured(values: Map) -> NDArray[np.uint8]:
    """A map in [0, 1] as uint8 (224, 224, 3), near things bright."""
    import matplotlib

    colours = matplotlib.colormaps["inferno"](np.clip(values, 0, 1), bytes=True)[..., :3]
    picture = Image.fromarray(np.ascontiguousarray(colours))  # (side, side, 4) -> (side, side, 3)
    return np.asarray(picture.resize((_CANVAS, _CANVAS), Image.Resampling.NEAREST))


def save_sheet(rows: list[list[NDArray[np.uint8]]], path: Path) -> None:
    """Two columns of composites with their maps: composite mode, layered, the truth if known."""
    lines = [np.concatenate(row, axis=1) for row in rows]  # (S, 3 S or 4 S, 3) each
    half = len(lines) // 2
    columns = [np.concatenate(part) for part in (lines[:half], lines[half : 2 * half])]
    Image.fromarray(np.concatenate(columns, axis=1)).save(path, quality=88)


def _head(*names: str) -> None:
    click.echo("\n| " + " | ".join([*names, *_COLUMNS]) + " |")
    click.echo("|" + "---|" * (len(names) + len(_COLUMNS)))


def _line(name: str, mode: str, figures: NDArray[np.float64]) -> None:
    click.echo(f"| {name} | {mode} | " + " | ".join(f"{value:.3f}" for value in figures) + " |")


@click.command()
@click.option("--drawn", default=300, help="Drawn composites.")
@click.option("--fg", type=click.Path(path_type=Path), help="Folder of foregrounds.")
@click.option("--bg", type=click.Path(path_type=Path), help="Folder of backgrounds.")
@click.option("--samples", default=1000, help="Samples of the two data sets.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Picture of the first twenty.")
@click.option("--drawn-sheet", type=click.Path(path_type=Path), help="Two of each drawn thing.")
@click.option("--workers", default=2, help="Processes that draw.")
def main(
    drawn: int,
    fg: Path | None,
    bg: Path | None,
    samples: int,
    sheet: Path | None,
    drawn_sheet: Path | None,
    workers: int,
) -> None:
    """Print the tables."""
    if drawn:
        against_truth(drawn, workers, drawn_sheet)
    if fg is not None and bg is not None:
        agreement(fg, bg, samples, sheet)


if __name__ == "__main__":
    main()
