"""Commands that make data: sample pictures, a data set, one sample again."""

import dataclasses
from contextlib import closing
from pathlib import Path

import click

from depthmask.commands.click_options import takes
from depthmask.commands.click_types import PLACE, WHOLE, one_of
from depthmask.commands.option_files import take_build_file, take_build_recipe
from depthmask.commands.shared_options import moved_sources_options
from depthmask.terminal.console import answer, answer_paths, counted, open_console, reports
from pipeline.planning.data_recipes import DATA_RECIPES
from pipeline.planning.options import BuildOptions
from shards.base.keys import SPLITS


@click.command()
@click.option(
    "--recipe",
    type=one_of(DATA_RECIPES),
    callback=take_build_recipe,
    is_eager=True,
    expose_value=False,
    help="Placements, mirror, sizes and split of an earlier system's data set.",
)
@click.option(
    "--config",
    type=PLACE,
    callback=take_build_file,
    is_eager=True,
    expose_value=False,
    help="TOML file with any of these options.",
    metavar="FILE",
)
@takes(BuildOptions)
@reports
def build_dataset(options: BuildOptions, json_wanted: bool) -> None:
    """Composite foregrounds over backgrounds into a data set with masks and depth.

    Every picture below --fg and --bg is checked first. Pictures are held out for validation as a
    whole (--split-by source), so val samples show foregrounds and backgrounds that training never
    sees. The same command resumes a stopped build; the digest printed at the end is the same
    for any number of workers and stops.

    \b
    Examples:
      depthmask build-dataset --fg cars --bg scenes --out shards
      depthmask build-dataset --fg cars --bg scenes --samples 4000 --size 128
      depthmask build-dataset --fg cars --bg scenes --depth-model none
      depthmask build-dataset --fg cars --bg scenes --recipe D --split-by source
      depthmask build-dataset --fg objects --bg scenes --objects 1 4 --rotate 15
      depthmask build-dataset --fg objects --bg scenes --objects 1 4 --preview 40
    """
    from depthmask.terminal.build_progress import BuildProgress
    from pipeline.build import build_dataset
    from pipeline.checking.omissions import MANY
    from pipeline.estimate import estimate_build
    from pipeline.preview import write_preview
    from pipeline.rendering.preparation import plan_build
    from shards.records.mixture import describe_mixture

    with closing(BuildProgress()) as watcher:
        if options.preview is not None:
            answer_paths([write_preview(options, watcher)], json_wanted)
            return
        if options.dry_run:
            options.place.require_writable()
            plan, skipped = plan_build(options, watcher)
            tasks = plan.tasks()
            watcher.planned(plan, skipped, tasks, len(tasks))
            estimate = estimate_build(plan, options)
            facts = {"samples": plan.samples, "shards": len(tasks)}
            answer("\n".join(estimate.lines()), facts | dataclasses.asdict(estimate), json_wanted)
            return
        result = build_dataset(options, watcher)
    place = str(options.place)
    whose = "" if options.part is None else " of this part"
    last = f"digest {result.digest}"
    if result.digest is None:
        last = (
            f"{counted(result.shards_missing, 'shard')} of the whole set still to make: run the "
            "other parts, or the same command without --part"
        )
    mixed = "".join(
        f"made under other versions: {line}\n"
        for line in describe_mixture(result.versions, result.mixed)
    )
    omitted = "".join(f"warning: {each}\n" for each in result.omissions if each.share > MANY)
    answer(
        f"{counted(sum(result.samples.values()), 'sample')}{whose} in {place} "
        f"({counted(result.shards_made, 'shard')} made, {result.shards_kept:,} kept, "
        f"{counted(len(result.skipped), 'file')} left out)\n{mixed}{omitted}{last}",
        dataclasses.asdict(result) | {"out": place},
        json_wanted,
    )


@click.command()
@click.argument("shards", type=PLACE, metavar="SHARDS")
@click.argument("split", type=one_of(SPLITS))
@click.argument("position", type=WHOLE)
@click.option("--out", type=PLACE, required=True, help="Folder to write to.")
@click.option("--overlay", is_flag=True, help="Also draw boxes, outlines and names.")
@moved_sources_options
@reports
def render(
    shards: Path,
    split: str,
    position: int,
    out: Path,
    overlay: bool,
    fg: Path | None,
    bg: Path | None,
    fg_alpha: Path | None,
    distractors: Path | None,
    json_wanted: bool,
) -> None:
    """Draw one sample again from its sources, by its split and position, with all its layers.

    \b
    Examples:
      depthmask render shards val 17 --out sample --overlay
      depthmask render shards train 0 --out sample --fg cars --bg scenes
    """
    from pipeline.render import render_scene, write_scene
    from shards.places.outputs import require_folder

    require_folder(out)
    drawn = render_scene(
        shards, split, position, fg=fg, bg=bg, fg_alpha=fg_alpha, distractors=distractors
    )
    answer_paths(write_scene(drawn, out, overlay=overlay), json_wanted)


@click.command()
@click.argument("out", type=PLACE, metavar="OUT")
@click.option("--cars", type=WHOLE, default=24, show_default=True, help="Cars to draw.")
@click.option("--people", type=WHOLE, default=16, show_default=True, help="People to draw.")
@click.option("--signs", type=WHOLE, default=16, show_default=True, help="Road signs to draw.")
@click.option("--scenes", type=WHOLE, default=24, show_default=True, help="Scenes to draw.")
@click.option("--seed", type=WHOLE, default=0, show_default=True, help="Seed of all drawings.")
@reports
def sample_data(
    out: Path, cars: int, people: int, signs: int, scenes: int, seed: int, json_wanted: bool
) -> None:
    """Draw cars, people and road signs (PNGs with alpha), and scenes.

    \b
    OUT/cars       cars alone, for --fg
    OUT/objects    cars, people and signs, for --fg with three categories
    OUT/scenes     for --bg; OUT/depth has their true depth

    \b
    Examples:
      depthmask sample-data pictures
      depthmask sample-data pictures --cars 100 --scenes 100 --seed 7
    """
    from depthmask.drawing.sample_data import SampleDataOptions, draw_sample_data
    from depthmask.terminal.bars import open_progress

    options = SampleDataOptions(
        out=out, cars=cars, people=people, signs=signs, scenes=scenes, seed=seed
    )
    with open_progress(open_console()) as progress:
        bar = progress.add_task("drawing", total=cars + people + signs + scenes)
        draw_sample_data(
            options, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    folders = {"cars": out / "cars", "objects": out / "objects", "scenes": out / "scenes"}
    answer(
        f"{counted(cars, 'car')} in {folders['cars']}, "
        f"{counted(cars + people + signs, 'cut-out')} in {folders['objects']}, "
        f"{counted(scenes, 'scene')} in {folders['scenes']}",
        {name: str(folder) for name, folder in folders.items()},
        json_wanted,
    )
