"""What each blend costs, and how it looks.

    python tests/benchmarks/blends.py [--fg FOLDER --bg FOLDER] [--sheet FILE.png]

The sheet has a row for each foreground and a column for each blend. Without folders everything is
drawn.
"""

import dataclasses
import itertools
import time
from pathlib import Path

import click
import numpy as np
from depth_order import Material, drawn_material, material_of
from numpy.typing import NDArray
from PIL import Image

from pipeline.compositing.blend import paint
from pipeline.compositing.foreground import scale_foreground
from pipeline.compositing.placed_object import PlacedObject, upright
from pipeline.planning.scene_fields import BLENDS

_LENGTHS = (60, 110, 160)
_SHOWN = 140
_REPEATS, _TIMES = 20, 10


def placed_in_the_middle(
    material: Material, number: int, longest: int, blend: str
) -> tuple[NDArray[np.uint8], PlacedObject]:
    """A background, and an object of a length that stands in its middle."""
    background = material.backgrounds[number % len(material.backgrounds)]
    foreground = material.foregrounds[number % len(material.foregrounds)]
    shrink = longest / max(foreground.size)
    width, height = (max(1, round(side * shrink)) for side in foreground.size)
    x, y = (background.shape[1] - width) // 2, (background.shape[0] - height) // 2
    placed = upright(scale_foreground(foreground, (width, height)), (x, y, width, height))
    return background.copy(), dataclasses.replace(placed, blend=blend)


def microseconds(material: Material, longest: int, blend: str) -> float:
    """Processor time of painting one object: the least of several means."""
    scenes = [placed_in_the_middle(material, number, longest, blend) for number in range(_TIMES)]
    best = float("inf")
    for _ in range(_REPEATS):
        start = time.process_time()
        for canvas, placed in scenes:
            paint(canvas, placed)
        best = min(best, (time.process_time() - start) / len(scenes))
    return 1e6 * best


def sheet_of(material: Material) -> Image.Image:
    """A row for each foreground, a column for each blend."""
    rows = []
    for number in range(len(material.foregrounds)):
        row = []
        for blend in BLENDS:
            canvas, placed = placed_in_the_middle(material, number, _SHOWN, blend)
            paint(canvas, placed)
            row.append(canvas)
        rows.append(np.concatenate(row, axis=1))
    columns = [np.concatenate(rows[start::2]) for start in range(2)]
    height = min(map(len, columns))
    return Image.fromarray(np.concatenate([each[:height] for each in columns], axis=1))


@click.command()
@click.option("--fg", type=click.Path(path_type=Path), help="Folder of foregrounds.")
@click.option("--bg", type=click.Path(path_type=Path), help="Folder of backgrounds.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Picture to look at.")
def main(fg: Path | None, bg: Path | None, sheet: Path | None) -> None:
    """Print microseconds by blend and length."""
    material = drawn_material(30) if fg is None or bg is None else material_of(fg, bg)
    click.echo("| blend | " + " | ".join(f"{length} px" for length in _LENGTHS) + " |")
    click.echo("|---|" + "---:|" * len(_LENGTHS))
    found = {
        (blend, longest): microseconds(material, longest, blend)
        for blend, longest in itertools.product(BLENDS, _LENGTHS)
    }
    for blend in BLENDS:
        figures = " | ".join(f"{found[blend, longest]:,.0f}" for longest in _LENGTHS)
        click.echo(f"| {blend} | {figures} |")
    if sheet is not None:
        sheet_of(material).save(sheet)


if __name__ == "__main__":
    main()
