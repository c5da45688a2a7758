"""Every earlier system and depthmask's own network, trained alike and scored alike.

    python tests/benchmarks/systems_table.py --out FOLDER (--minutes 6 | --epochs 4)
        [--fg cars --bg scenes] [--samples 4000] [--size 96] [--backbone NAME]... [--only NAME]...
        [--leaky B --leaky E] [--docs docs/systems.md]

Builds one data set (drawn cars and scenes, unless --fg and --bg name others) with the sources held
out, trains each network on it, depthmask's with its defaults and a system's by its recipe, all at
one size and with one budget, and evaluates on val. --leaky repeats networks on the same number of
samples held out as `--split-by sample`, as their data was. Finished rows are kept: run it again to
go on. With --docs the tables go into that file, between its markers, and the pictures beside it.
"""

import dataclasses
import json
import os
import platform
from pathlib import Path
from typing import Any

import click
import numpy as np
import torch
from PIL import Image, ImageDraw
from systems_markdown import DEFAULT, RANDOM, leak_table, main_table, place_between

from depthmask.data.batches import DecodedSamples
from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
from depthmask.inference.evaluation import evaluate, predictions
from depthmask.inference.options import EvaluateOptions
from depthmask.inference.sheets import grid_row
from depthmask.models.catalogue import SYSTEMS
from depthmask.models.checkpoint import BEST, read_checkpoint
from depthmask.models.device import choose_device
from depthmask.models.network_facts import count_parameters
from depthmask.recipes.earlier_systems import recipe_options
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from depthmask.training.watcher import SilentTrainWatcher
from pipeline.build import build_dataset
from pipeline.planning.options import BuildOptions
from shards.reading.open import open_dataset

LABEL = 150


@dataclasses.dataclass(frozen=True, kw_only=True)
class Bench:
    """What all rows share."""

    out: Path
    size: int
    budget: dict[str, float]
    device: str

    def words(self) -> str:
        """The budget for a person."""
        ((unit, amount),) = self.budget.items()
        return f"{amount:g} {unit}"


class LossLog(SilentTrainWatcher):
    """Writes the loss of each step to a file, after those of the same run before it was stopped."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def stepped(self, done: float, loss: float, images_per_second: float, waited: float) -> None:
        """Note the loss of a step."""
        with self._path.open("a") as file:
            file.write(f"{loss}\n")

    def ends(self) -> list[float]:
        """The mean loss of the first and of the last tenth of all steps."""
        losses = [float(line) for line in self._path.read_text().split()]
        tenth = max(1, len(losses) // 10)
        return [float(np.mean(losses[:tenth])), float(np.mean(losses[-tenth:]))]


def build_sets(out: Path, fg: Path | None, bg: Path | None, size: int, samples: int) -> None:
    """OUT/source and OUT/sample: the same sources, held out as wholes and by sample."""
    if fg is None or bg is None:
        fg, bg = out / "pictures" / "cars", out / "pictures" / "scenes"
        if not bg.exists():
            draw_sample_data(
                SampleDataOptions(
                    out=out / "pictures", cars=48, scenes=48, seed=0, people=0, signs=0
                )
            )
    for split_by in ("source", "sample"):
        options = BuildOptions(
            fg=fg,
            bg=bg,
            out=out / split_by,
            size=size,
            samples=samples,
            val_fraction=0.2,
            split_by=split_by,
        )
        build_dataset(options)


def options_for(bench: Bench, name: str, shards: Path, out: Path) -> TrainOptions:
    """The training of a row: a system by its recipe, a timm backbone by the defaults."""
    given: dict[str, Any] = {
        "shards": (shards,),
        "out": out,
        "device": bench.device,
        **bench.budget,
    }
    given["size"] = bench.size
    if name == "D-mask":
        given["depth_network"] = out.parent / "D-depth" / BEST
    if name in SYSTEMS:
        return recipe_options(name, given)[0]
    backbone = DEFAULT if name == RANDOM else name
    return TrainOptions(backbone=backbone, pretrained=name == DEFAULT, **given)


def make_row(bench: Bench, name: str, split_by: str) -> dict[str, Any]:
    """One row: trained, unless its folder has been finished, and evaluated."""
    shards, out = bench.out / split_by, bench.out / f"runs-{split_by}" / name
    kept = out / "row.json"
    if kept.exists():
        row: dict[str, Any] = json.loads(kept.read_text())
        return row
    resume = (out / "last.pt").exists()
    options = dataclasses.replace(options_for(bench, name, shards, out), resume=resume)
    out.parent.mkdir(parents=True, exist_ok=True)
    losses = LossLog(out.with_name(f"{name}-losses.txt"))
    train(options, losses)
    found = evaluate(EvaluateOptions(checkpoint=out / BEST, shards=shards, device=bench.device))
    checkpoint = read_checkpoint(out / BEST)
    state = read_checkpoint(out / "last.pt").training or {}
    rows = state["rows"]
    row = {
        "name": name,
        "parameters": count_parameters(checkpoint.build()),
        "rate": float(np.median([each["images_per_second"] for each in rows])),
        "epochs": rows[-1]["epoch"],
        "minutes": rows[-1]["minutes"],
        "loss": losses.ends(),
        **found["val"],
    }
    kept.write_text(json.dumps(row, indent=1))
    return row


def picture_rows(bench: Bench, names: list[str]) -> Image.Image:
    """For each network three val samples: composite, background, truths and predictions."""
    dataset = open_dataset(bench.out / "source").split("val")
    source = DecodedSamples(dataset, (bench.size, bench.size), 1)
    batch = source.batch(np.linspace(0, len(source) - 1, 3).astype(np.int64))
    blank = np.full((bench.size, bench.size), 0.5, np.float32)
    strips = []
    for name in names:
        network = read_checkpoint(bench.out / "runs-source" / name / BEST).build()
        mask, depth = predictions(network, batch, torch.device("cpu"), "auto")
        tiles = [
            grid_row(
                batch.image[i].numpy(),
                batch.background[i].numpy(),
                (batch.mask[i, 0].numpy(), blank if mask is None else mask[i]),
                (batch.depth[i, 0].numpy(), blank if depth is None else depth[i]),
            )
            for i in range(len(batch.mask))
        ]
        strip = np.concatenate(tiles, axis=1)
        titled = Image.new("RGB", (LABEL + strip.shape[1], strip.shape[0]), "white")
        titled.paste(Image.fromarray(strip), (LABEL, 0))
        ImageDraw.Draw(titled).text((4, strip.shape[0] // 2 - 6), name, fill="black")
        strips.append(np.asarray(titled))
    return Image.fromarray(np.concatenate(strips))


def machine_words(device: str) -> str:
    """The machine that the figures come from."""
    chosen = choose_device(device)
    if chosen.type == "cuda":
        return torch.cuda.get_device_name(chosen)
    return f"{os.cpu_count()} {platform.machine()} cores, {torch.get_num_threads()} threads"


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True)
@click.option("--fg", type=click.Path(path_type=Path), help="Foregrounds.  [default: drawn]")
@click.option("--bg", type=click.Path(path_type=Path), help="Backgrounds.  [default: drawn]")
@click.option("--samples", default=4000)
@click.option("--size", default=96)
@click.option("--minutes", type=float, help="Budget of each network.")
@click.option("--epochs", type=int, help="Budget of each network, instead of --minutes.")
@click.option("--backbone", "backbones", multiple=True, help="timm encoders beside the default.")
@click.option("--only", multiple=True, help="Networks to train, instead of all.")
@click.option("--leaky", multiple=True, help="Networks to repeat with --split-by sample.")
@click.option("--device", default="auto")
@click.option("--docs", type=click.Path(path_type=Path), help="File whose tables to replace.")
def main(
    out: Path,
    fg: Path | None,
    bg: Path | None,
    samples: int,
    size: int,
    minutes: float | None,
    epochs: int | None,
    backbones: tuple[str, ...],
    only: tuple[str, ...],
    leaky: tuple[str, ...],
    device: str,
    docs: Path | None,
) -> None:
    """Train, score, and print (or place in --docs) the tables."""
    if (minutes is None) == (epochs is None):
        raise click.UsageError("give --minutes or --epochs")
    budget = {"epochs": epochs} if minutes is None else {"minutes": minutes}
    bench = Bench(out=out, size=size, budget=budget, device=device)  # type: ignore[arg-type]
    build_sets(out, fg, bg, size, samples)
    others = backbones or ("resnet18", "mobilenetv3_small_100")
    names = [*(only or (DEFAULT, RANDOM, *others, *SYSTEMS))]
    rows = [make_row(bench, name, "source") for name in names]
    pairs = [(make_row(bench, name, "source"), make_row(bench, name, "sample")) for name in leaky]
    dataset = open_dataset(out / "source")
    words = (
        f"{len(dataset.split('train')):,} train and {len(dataset.split('val')):,} val samples of "
        f"{size} px, {bench.words()} for each network on {machine_words(device)}."
    )
    picture = picture_rows(bench, names)
    tables = {
        "systems-" + next(iter(budget)): f"{words}\n\n{main_table(rows)}",
        **({"leakage": f"{words}\n\n{leak_table(pairs)}"} if pairs else {}),
    }
    for marker, text in tables.items():
        click.echo(text + "\n")
        if docs is not None:
            place_between(docs, marker, text)
    if docs is None:
        picture.save(out / "systems.jpg", quality=88)
    else:
        picture.save(docs.parent / "pictures" / "systems.jpg", quality=85)
        place_between(docs, "systems-pictures", "![What each found](pictures/systems.jpg)")


if __name__ == "__main__":
    main()
