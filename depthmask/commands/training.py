"""Commands that train: networks, and the shipped depth teacher."""

import dataclasses
from contextlib import closing
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from depthmask.commands.click_options import takes
from depthmask.commands.click_types import PLACE, one_of
from depthmask.commands.option_files import set_defaults
from depthmask.distributed.launch import find_rank
from depthmask.recipes.earlier_systems import RECIPES, recipe_options
from depthmask.recipes.train_options import TrainOptions, read_config
from depthmask.teaching.teacher_options import TeacherOptions
from depthmask.terminal.console import answer, answer_paths, reports, say

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
        with closing(TrainProgress(shown=speaks)) as watcher, closing(BuildProgress()) as builder:
            best = train(each, watcher, builder)
        path = str(each.out / "best.pt")
        lines.append(f"{best_epoch(best)}\n{path}")
        found.append({"checkpoint": path, "best": best})
    if speaks:
        answer("\n".join(lines), found[0] if len(found) == 1 else found, json_wanted)


@click.command()
@takes(TeacherOptions)
@reports
def train_teacher(options: TeacherOptions, json_wanted: bool) -> None:
    """Train the weights of densedepth-lite on drawn scenes, as the shipped ones were.

    Scenes are drawn by a ray caster in a process of their own; --textures and --cutouts name
    folders of pictures that may be used. The state is saved every two minutes.

    \b
    Examples:
      depthmask train-teacher --minutes 60 --textures photos --cutouts clipart
      depthmask train-teacher --out teacher --minutes 90 --resume
    """
    from depthmask.teaching.teacher_training import train_teacher

    answer_paths([train_teacher(options, say)], json_wanted)
