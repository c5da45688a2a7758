"""Draws docs/pictures/prediction.png from what `make demo` leaves:

    make demo
    python examples/draw_readme_picture.py demo docs/pictures/prediction.png

Three val samples, whose objects and scenes the network never saw: composite, clean background,
predicted mask, predicted depth, cut-out.
"""

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

import depthmask
from depthmask.reports.embedded_pictures import depth_palette
from shards.reading.dataset import Dataset

TITLES = ("composite", "background", "mask", "depth", "cut-out")
ROWS, TILE, GAP, HEAD = 3, 144, 6, 22


def chosen(samples: Dataset) -> list[int]:
    """Positions of samples of many categories, then of large objects; no source comes twice."""

    def worth(position: int) -> tuple[int, int]:
        objects = samples[position].objects
        return len({each.category for each in objects}), sum(each.area for each in objects)

    shown: set[str] = set()
    found = []
    for position in sorted(range(len(samples)), key=worth, reverse=True):
        sample = samples[position]
        sources = {sample.background_name, *(each.foreground for each in sample.objects)}
        if not sources & shown:
            found.append(position)
            shown |= sources
    return found[:ROWS]


def over_checks(cutout: NDArray[np.uint8]) -> Image.Image:
    """An RGBA picture (H, W, 4) over a checkerboard."""
    y, x = np.indices(cutout.shape[:2]) // 8
    checks = np.where((x + y) % 2, 205, 245).astype(np.uint8)
    picture = Image.fromarray(checks).convert("RGBA")
    picture.alpha_composite(Image.fromarray(cutout))
    return picture.convert("RGB")


def coloured(depth: NDArray[np.float32]) -> Image.Image:
    """Depth in [0, 1], (H, W), in the report's colours; near is bright."""
    picture = Image.fromarray(np.rint(np.clip(depth, 0, 1) * 255).astype(np.uint8))
    picture.putpalette(depth_palette(True))
    return picture.convert("RGB")


def main(demo: Path, out: Path) -> None:
    """Write the picture from the data set and network in `demo`."""
    samples = depthmask.open_dataset(demo / "shards").split("val")
    network = depthmask.load(demo / "run" / "best.pt", device="cpu")
    width = len(TITLES) * (TILE + GAP) - GAP
    sheet = Image.new("RGB", (width, HEAD + ROWS * (TILE + GAP) - GAP), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for column, title in enumerate(TITLES):
        pen.text((column * (TILE + GAP) + TILE // 2, 4), title, "#444", font, anchor="ma")
    for row, position in enumerate(chosen(samples)):
        sample = samples[position]
        found = network.predict(sample.image, sample.background)
        tiles = [
            Image.fromarray(sample.image),
            Image.fromarray(sample.background),
            Image.fromarray(np.rint(found.mask * 255).astype(np.uint8)).convert("RGB"),
            coloured(found.depth_unit),
            over_checks(found.cutout),
        ]
        for column, tile in enumerate(tiles):
            place = (column * (TILE + GAP), HEAD + row * (TILE + GAP))
            sheet.paste(tile.resize((TILE, TILE), Image.Resampling.LANCZOS), place)
    sheet.quantize(256, dither=Image.Dither.NONE).save(out, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
