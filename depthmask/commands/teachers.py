"""Commands for depth teachers."""

from pathlib import Path

import click

from depthmask.options import takes
from depthmask.teacher_options import TeacherOptions
from depthmask.terminal import answer_paths, open_console, reports, say


@click.command()
@takes(TeacherOptions)
@reports
def train_teacher(options: TeacherOptions, json_wanted: bool) -> None:
    """Train the weights of densedepth-lite on drawn scenes, as the shipped ones were.

    Scenes are drawn by a ray caster in a process of their own; --textures and --cutouts name
    folders of pictures that may be used. The state is saved every two minutes.

    \b
    Examples:
      depthmask train-teacher --out teacher --minutes 60 --textures photos --cutouts clipart
      depthmask train-teacher --out teacher --minutes 90 --resume
    """
    from depthmask.teacher_training import train_teacher

    answer_paths([train_teacher(options, say)], json_wanted)


@click.command()
@click.argument(
    "pictures", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PICTURES..."
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write to.")
@click.option("--depth-model", default="densedepth-lite", show_default=True, help="The teacher.")
@click.option("--depth-weights", type=click.Path(path_type=Path), help="Its weights.")
@click.option("--size", default=224, show_default=True, help="Side of the square it sees.")
@click.option("--device", default="cpu", show_default=True, help="cpu, cuda, cuda:1, ...")
@reports
def depth(
    pictures: tuple[Path, ...],
    out: Path,
    depth_model: str,
    depth_weights: Path | None,
    size: int,
    device: str,
    json_wanted: bool,
) -> None:
    """Run a depth teacher on pictures: NAME.depth.png (16 bit) and NAME.colour.png.

    \b
    Examples:
      depthmask depth holiday.jpg --out depth
      depthmask depth photos/*.jpg --out depth --size 320
    """
    from depthmask.depth import write_depth
    from depthmask.progress import open_progress
    from pipeline.teachers import load_teacher

    teacher = load_teacher(depth_model, canvas=size, weights=depth_weights, device=device)
    written: list[Path] = []
    with open_progress(open_console()) as progress:
        for picture in progress.track(pictures, description="looking"):
            written += write_depth(teacher, picture, out)
    answer_paths(written, json_wanted)
