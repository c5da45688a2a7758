"""Commands for depth teachers."""

from pathlib import Path

import click

from depthmask.commands.click_options import takes
from depthmask.commands.words import NUMBER, PLACE, WHOLE, one_of
from depthmask.teaching.teacher_options import TeacherOptions
from depthmask.terminal.console import answer_paths, open_console, reports, say
from shards.base.errors import InputError
from shards.pixels.depth_coding import Kind


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


@click.command()
@click.argument("pictures", nargs=-1, required=True, type=PLACE, metavar="PICTURES...")
@click.option("--out", type=PLACE, required=True, help="Folder to write to.")
@click.option(
    "--depth-model",
    default="densedepth-lite",
    show_default=True,
    metavar="NAME",
    help="densedepth-lite, densedepth, hf:NAME_OR_PATH or FILE.onnx.",
)
@click.option(
    "--depth-weights",
    type=PLACE,
    metavar="FILE",
    help="Its weights, such as nyu.h5.  [default: the shipped ones]",
)
@click.option(
    "--depth-kind",
    type=one_of(["metric", "inverse"]),
    help="What it gives: metres, or larger is nearer.  [default: as it says]",
)
@click.option(
    "--depth-range",
    type=(NUMBER, NUMBER),
    metavar="LOW HIGH",
    help="Range its values are written over.  [default: as it says, or found]",
)
@click.option(
    "--depth-input",
    type=(WHOLE, WHOLE),
    metavar="WIDTH HEIGHT",
    help="Size that it sees pictures at.  [default: its own]",
)
@click.option("--size", type=WHOLE, default=224, show_default=True, help="Side of what it sees.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, ...")
@reports
def depth(
    pictures: tuple[Path, ...],
    out: Path,
    depth_model: str,
    depth_weights: Path | None,
    depth_kind: Kind | None,
    depth_range: tuple[float, float] | None,
    depth_input: tuple[int, int] | None,
    size: int,
    device: str,
    json_wanted: bool,
) -> None:
    """Run a depth teacher on pictures: NAME.depth.png (16 bit) and NAME.colour.png.

    PICTURES are files, folders, or patterns in quotes; folders within a folder become folders of
    --out. The codes 0 to 65535 span one range for all pictures: the teacher's, or --depth-range, or
    one found over these pictures.

    \b
    Examples:
      depthmask depth holiday.jpg --out depth
      depthmask depth photos --out depth --size 320
      depthmask depth room.jpg --out depth --depth-model densedepth \\
          --depth-weights nyu.h5
    """
    from depthmask.inference.depth import depth_places, limits_of, write_depth
    from depthmask.inference.pairs import find_pictures, refuse_overwriting
    from depthmask.terminal.build_progress import open_progress
    from pipeline.depth.teachers.table import load_teacher
    from pipeline.planning.options import check_declared
    from shards.places.outputs import require_folder

    require_folder(out)
    check_declared(depth_range, depth_input)
    found = find_pictures(pictures, out)
    places = [place for name, _ in found for place in depth_places(out, name)]
    refuse_overwriting([path for _, path in found], places)
    teacher = load_teacher(
        depth_model,
        canvas=size,
        weights=depth_weights,
        device=device,
        kind=depth_kind,
        value_range=depth_range,
        input_size=depth_input and (depth_input[1], depth_input[0]),
    )
    low, high = limits = limits_of(teacher, [path for _, path in found])
    say(f"{teacher.kind} depth, {low:g} to {high:g} {teacher.unit}")
    written: list[Path] = []
    with open_progress(open_console()) as progress:
        for name, path in progress.track(found, description="looking"):
            try:
                written += write_depth(teacher, path, out, limits, name)
            except InputError as error:
                if len(found) == 1:
                    raise
                say(f"left out {path}: {error}")
    if not written:
        raise InputError(
            " ".join(map(str, pictures)),
            expected="a picture that can be read",
            found=f"none among {len(found)}",
            remedy="give pictures of their kinds: docs/input.md",
        )
    answer_paths(written, json_wanted)
