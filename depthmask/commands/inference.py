"""Commands that use a trained network, and `depth`, which uses a teacher alone."""

import json
from pathlib import Path

import click

from depthmask.commands.click_options import takes
from depthmask.inference.options import (
    DepthOptions,
    EvaluateOptions,
    ExportOptions,
    PredictOptions,
)
from depthmask.terminal.console import answer, answer_paths, open_console, reports, say


@click.command()
@takes(EvaluateOptions)
@reports
def evaluate(options: EvaluateOptions, json_wanted: bool) -> None:
    """Score a network on every sample of a split, and name its worst foreground and background.

    \b
    Examples:
      depthmask evaluate runs/first/best.pt --shards shards
      depthmask evaluate runs/first/best.pt --shards shards --split test
      depthmask evaluate runs/first/best.pt --shards shards --out scores
    """
    from rich.console import Console

    from depthmask.inference.evaluation import evaluate
    from depthmask.terminal.bars import open_progress
    from depthmask.terminal.scores_table import scores_tables

    with open_progress(open_console()) as progress:
        bar = progress.add_task("evaluating", total=None)
        found = evaluate(
            options, lambda done, total: progress.update(bar, completed=done, total=total)
        )
    if json_wanted:
        click.echo(json.dumps(found, indent=1))
    else:
        Console().print(scores_tables(found))


@click.command()
@takes(PredictOptions)
@reports
def predict(options: PredictOptions, json_wanted: bool) -> None:
    """Find the object in a picture, given its background: mask, depth and cut-out.

    Writes mask.png, depth.png (16 bit), depth-colour.png and cutout.png at the picture's size; for
    a folder or a pattern NAME.mask.png and so on. A network trained with --input single needs
    no background.

    \b
    Examples:
      depthmask predict runs/first --image shot.jpg --background empty.jpg
      depthmask predict runs/first/best.pt --image shots --background empty.jpg \\
          --out found
      depthmask predict runs/first/best.pt --image 'day/*.jpg' --background empty
    """
    from depthmask.inference.prediction import predict

    def left_out(path: Path, reason: str) -> None:
        say(f"left out {path}: {reason}")

    answer_paths(predict(options, left_out), json_wanted)


@click.command()
@takes(ExportOptions)
@reports
def export(options: ExportOptions, json_wanted: bool) -> None:
    """Write a network as a file that runs without depthmask: ONNX (.onnx) or torch.export (.pt2).

    The file takes RGB pictures, float32 (B, 3, H, W) in [0, 1]. Its output is compared with the
    network's at several sizes before it is kept.

    \b
    Examples:
      depthmask export runs/first/best.pt network.onnx
      depthmask export runs/first/best.pt network.pt2
      depthmask export runs/first/best.pt fixed.onnx --size 224
    """
    from depthmask.inference.exporting import export

    found = export(options)
    differences = ", ".join(f"{name} {value:.1e}" for name, value in found.differences.items())
    takes = " and ".join(found.inputs)
    answer(
        f"{found.path}\ntakes {takes}; largest difference from the network: {differences}",
        {"path": str(found.path), "inputs": found.inputs, "differences": found.differences},
        json_wanted,
    )


@click.command()
@takes(DepthOptions)
@reports
def depth(options: DepthOptions, json_wanted: bool) -> None:
    """Run a depth teacher on pictures: NAME.depth.png (16 bit) and NAME.colour.png.

    PICTURES are files, folders, or patterns in quotes; --out keeps their subfolders. The codes 0
    to 65535 span one range for all pictures: the teacher's, or --depth-range, or one found over
    these pictures.

    \b
    Examples:
      depthmask depth holiday.jpg --out depth
      depthmask depth photos --out depth --size 320
      depthmask depth room.jpg --out depth --depth-model densedepth \\
          --depth-weights nyu.h5
    """
    from depthmask.inference.depth import depth
    from depthmask.terminal.bars import open_progress

    with open_progress(open_console()) as progress:
        bar = progress.add_task("looking", total=None)
        written = depth(
            options, lambda done, total: progress.update(bar, completed=done, total=total), say
        )
    answer_paths(written, json_wanted)
