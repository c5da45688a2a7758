"""Commands that train networks and use them."""

import dataclasses
import functools
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from depthmask.commands.click_options import takes
from depthmask.commands.option_files import set_defaults
from depthmask.commands.words import PLACE, WHOLE, one_of
from depthmask.distributed.launch import find_rank
from depthmask.recipes.earlier_systems import RECIPES, recipe_options
from depthmask.recipes.train_options import TrainOptions, read_config
from depthmask.terminal.console import answer, answer_paths, open_console, reports, say

_RECIPE = "depthmask.recipe"


def _apply_config(context: click.Context, parameter: click.Parameter, path: Path | None) -> None:
    """Make the options of a TOML file the command's defaults; those on the line win."""
    if path is not None:
        set_defaults(context, path, read_config(path))


def _remember_recipe(context: click.Context, parameter: click.Parameter, name: str | None) -> None:
    context.meta[_RECIPE] = name


def _given(context: click.Context) -> dict[str, Any]:
    """The options of a training that the line or a file of `--config` sets."""
    return {
        field.name: context.params[field.name]
        for field in dataclasses.fields(TrainOptions)
        if context.get_parameter_source(field.name) != ParameterSource.DEFAULT
    }


@click.command()
@click.option(
    "--recipe",
    type=one_of(list(RECIPES)),
    callback=_remember_recipe,
    is_eager=True,
    expose_value=False,
    help="Network, losses, optimiser, schedule and sizes of an earlier system.",
)
@click.option(
    "--config",
    type=PLACE,
    callback=_apply_config,
    is_eager=True,
    expose_value=False,
    help="TOML file with any of these options.",
)
@takes(TrainOptions)
@reports
def train(options: TrainOptions, json_wanted: bool) -> None:
    """Train a network to find the object and its depth in a composite.

    The run folder holds best.pt, last.pt, config.toml (these options), metrics.csv, curves.png,
    grid.png (samples and predictions) and TensorBoard files.

    \b
    Examples:
      depthmask train --shards shards --out runs/first --minutes 10
      depthmask train --shards shards --out runs/large --backbone resnet50
      depthmask train --shards shards --shards more --out runs/both --minutes 10
      depthmask train --fg cars --bg scenes --out runs/drawn --minutes 10
      depthmask train --shards shards --out runs/first --minutes 20 --resume
      depthmask train --config runs/first/config.toml --out runs/second
      depthmask train --shards shards --out runs/e --recipe E --minutes 10
      torchrun --no-python --nproc-per-node 2 \\
          depthmask train --shards shards --out runs/two
    """
    from depthmask.terminal.build_progress import BuildProgress
    from depthmask.terminal.training_progress import TrainProgress, best_epoch
    from depthmask.training.loop import train

    context = click.get_current_context()
    recipe = context.meta[_RECIPE]
    speaks = find_rank().rank == 0
    trainings = [options] if recipe is None else recipe_options(recipe, _given(context))
    lines, found = [], []
    for each in trainings:
        with TrainProgress(shown=speaks) as watcher, BuildProgress() as builder:
            best = train(each, watcher, builder)
        path = str(each.out / "best.pt")
        lines.append(f"{best_epoch(best)}\n{path}")
        found.append({"checkpoint": path, "best": best})
    if speaks:
        answer("\n".join(lines), found[0] if len(found) == 1 else found, json_wanted)


@click.command()
@click.argument("checkpoint", type=PLACE, metavar="CHECKPOINT|RUN")
@click.option(
    "--shards",
    type=PLACE,
    required=True,
    multiple=True,
    help="Folder of the data set; again for more, read as one.",
)
@click.option(
    "--split",
    type=one_of(["train", "val", "both"]),
    default="val",
    show_default=True,
    help="Which samples; scores are those of each split.",
)
@click.option(
    "--out",
    type=PLACE,
    metavar="DIR",
    help="Folder for scores.json, a table of all samples and a sheet of the worst.",
)
@click.option("--worst", type=WHOLE, default=12, show_default=True, help="Samples on the sheet.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@reports
def evaluate(json_wanted: bool, **values: Any) -> None:
    """Score a network on every sample of a split, and name its worst foreground and background.

    \b
    Examples:
      depthmask evaluate runs/first/best.pt --shards shards
      depthmask evaluate runs/first/best.pt --shards shards --split both
      depthmask evaluate runs/first/best.pt --shards shards --out scores
    """
    import json

    from rich.console import Console

    from depthmask.inference.evaluation import EvaluateOptions, evaluate
    from depthmask.terminal.build_progress import open_progress
    from depthmask.terminal.scores_table import scores_tables
    from shards.reading.open import open_dataset

    options = EvaluateOptions(**values)

    @functools.cache
    def total() -> int:
        whole = open_dataset(options.shards)
        return sum(len(whole.split(name)) for name in options.splits)

    with open_progress(open_console()) as progress:
        bar = progress.add_task("evaluating", total=None)

        def scored(samples: int) -> None:
            progress.update(bar, advance=samples, total=total())

        found = evaluate(options, scored)
    if json_wanted:
        click.echo(json.dumps(found, indent=1))
    else:
        Console().print(scores_tables(found))


@click.command()
@click.argument("checkpoint", type=PLACE, metavar="CHECKPOINT|RUN")
@click.option(
    "--image",
    type=PLACE,
    required=True,
    metavar="FILE|DIR|PATTERN",
    help="Picture with the object; or a folder of them, or a pattern in quotes.",
)
@click.option(
    "--background",
    type=PLACE,
    metavar="FILE|DIR",
    help="The same place without it, for all pictures; or a folder with a namesake of each.",
)
@click.option(
    "--out",
    type=PLACE,
    default=Path("prediction"),
    show_default=True,
    help="Folder to write to.",
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda, cuda:1, ...")
@reports
def predict(json_wanted: bool, **values: Any) -> None:
    """Find the object in a picture, given its background: mask, depth and cut-out.

    Writes mask.png, depth.png (16 bit), depth-colour.png and cutout.png at the picture's size; for
    a folder or a pattern NAME.mask.png and so on. A network that was trained with --input single
    needs no background.

    \b
    Examples:
      depthmask predict runs/first --image shot.jpg --background empty.jpg
      depthmask predict runs/first/best.pt --image shots --background empty.jpg \\
          --out found
      depthmask predict runs/first/best.pt --image 'day/*.jpg' --background empty
    """
    from depthmask.inference.prediction import PredictOptions, predict

    def tell(path: Path, reason: str) -> None:
        say(f"left out {path}: {reason}")

    answer_paths(predict(PredictOptions(**values), tell), json_wanted)


@click.command()
@click.argument("checkpoint", type=PLACE, metavar="CHECKPOINT|RUN")
@click.argument("out", type=PLACE, metavar="OUT")
@click.option(
    "--size",
    type=WHOLE,
    metavar="PIXELS",
    help="Side of the pictures, one at a time.  [default: any size, any number]",
)
@reports
def export(checkpoint: Path, out: Path, size: int | None, json_wanted: bool) -> None:
    """Write a network as a file that runs without depthmask: ONNX (.onnx) or torch.export (.pt2).

    It takes RGB pictures, float32 (B, 3, H, W) in [0, 1], and is held against the network at
    several sizes before it gets its name.

    \b
    Examples:
      depthmask export runs/first/best.pt network.onnx
      depthmask export runs/first/best.pt network.pt2
      depthmask export runs/first/best.pt fixed.onnx --size 224
    """
    from depthmask.inference.exporting import ExportOptions, export

    found = export(ExportOptions(checkpoint=checkpoint, out=out, size=size))
    differences = ", ".join(f"{name} {value:.1e}" for name, value in found.differences.items())
    takes = " and ".join(found.inputs)
    answer(
        f"{found.path}\ntakes {takes}; largest difference from the network: {differences}",
        {"path": str(found.path), "inputs": found.inputs, "differences": found.differences},
        json_wanted,
    )
