"""How well a depth teacher ranks near and far, beside two honest baselines.

    python tests/benchmarks/teacher_accuracy.py [--pairs FOLDER] [--scenes 200] [--size 224]

Spearman correlation with true inverse depth: on drawn scenes that no training used, and on real
pictures in FOLDER, whose pairs.json names image, truth, kind ("disparity" or "depth") and the
value that means "not known". Baselines: the vertical gradient and a blurred luminance.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import matplotlib
import numpy as np
from PIL import Image, ImageFilter

from depthmask.drawing.close_ups import CLOSE_UPS
from depthmask.drawing.scenes import STYLES, draw_scene, nearness, spread
from depthmask.inference.depth import predict_depth
from pipeline.depth.teachers.table import load_teacher
from pipeline.sources.decode import decode_picture

_ALL = {**STYLES, **CLOSE_UPS}

Pair = tuple[str, Image.Image, np.ndarray, np.ndarray]
"""Name, picture, true nearness (H, W), where it is known (H, W)."""


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Rank correlation of two arrays of values; equal values (a sky) share their mean rank."""
    return float(np.corrcoef(mean_ranks(a), mean_ranks(b))[0, 1])


def mean_ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value, (n,), the mean of their ranks where several are equal."""
    _, which, counts = np.unique(values.ravel(), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts + 1) / 2)[which]


def drawn_pairs(count: int, side: int) -> Iterator[Pair]:
    """Scenes of seeds that training does not use."""
    for number in range(count):
        style = list(_ALL)[number % len(_ALL)]
        rng = np.random.default_rng((987_654, number))
        view = draw_scene(rng, height=side, width=side, style=style, styles=_ALL)
        picture = Image.fromarray((view.colour * 255).astype(np.uint8))
        yield f"drawn {style}", picture, nearness(view.depth), np.ones(view.depth.shape, bool)


def real_pairs(folder: Path) -> Iterator[Pair]:
    """Pictures with measured depth."""
    for name, facts in json.loads((folder / "pairs.json").read_text()).items():
        picture = decode_picture((folder / facts["image"]).read_bytes()).convert("RGB")
        with Image.open(folder / facts["truth"]) as truth:
            values = np.asarray(truth).astype(np.float64)
        known = values != facts["invalid"]
        near = values if facts["kind"] == "disparity" else 1 / np.where(known, values, 1)
        yield name, picture, near, known


def guesses(picture: Image.Image, answer: np.ndarray) -> dict[str, np.ndarray]:
    """The teacher's answer and the baselines, (H, W) each."""
    width, height = picture.size
    blurred = picture.convert("L").filter(ImageFilter.GaussianBlur(height / 40))
    rows = np.repeat(np.arange(float(height))[:, None], width, axis=1)
    return {"teacher": answer, "gradient": rows, "luminance": np.asarray(blurred)}


def coloured(values: np.ndarray) -> np.ndarray:
    """A map in [0, 1] as uint8 (H, W, 3), near things bright."""
    return matplotlib.colormaps["inferno"](values, bytes=True)[..., :3]


@click.command()
@click.option("--pairs", type=click.Path(path_type=Path), help="Folder with pairs.json.")
@click.option("--scenes", default=200, help="Drawn scenes.")
@click.option("--size", default=224, help="Side of the square the teacher sees.")
@click.option("--sheet", type=click.Path(path_type=Path), help="Picture of the first nine.")
@click.option("--weights", type=click.Path(path_type=Path), help="Weights instead of the shipped.")
def main(
    pairs: Path | None, scenes: int, size: int, sheet: Path | None, weights: Path | None
) -> None:
    """Print a table of Spearman correlations."""
    teacher = load_teacher("densedepth-lite", canvas=size, weights=weights)
    found: dict[str, list[dict[str, float]]] = {}
    columns: list[np.ndarray] = []
    real = real_pairs(pairs) if pairs else iter(())
    for name, picture, truth, known in [*drawn_pairs(scenes, size), *real]:
        answers = guesses(picture, predict_depth(teacher, picture))
        if len(columns) < len(_ALL):
            maps = [coloured(values) for values in (answers["teacher"], spread(truth))]
            columns.append(np.concatenate([np.asarray(picture), *maps]))
        found.setdefault(name, []).append(
            {guess: spearman(values[known], truth[known]) for guess, values in answers.items()}
        )
    click.echo(
        "| pictures | n | teacher | vertical gradient | blurred luminance |\n|---|---|---|---|---|"
    )
    for name, rows in found.items():
        means = [np.mean([row[guess] for row in rows]) for guess in rows[0]]
        click.echo(
            f"| {name} | {len(rows)} | " + " | ".join(f"{mean:.3f}" for mean in means) + " |"
        )
    if sheet is not None:
        Image.fromarray(np.concatenate(columns, axis=1)).save(sheet, quality=88)


if __name__ == "__main__":
    main()
