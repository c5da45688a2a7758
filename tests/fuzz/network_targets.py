"""What is damaged and read by a network: checkpoints, teachers' weights, pictures to predict on."""

import shutil
from pathlib import Path
from typing import Any

import torch
from mutations import change_checkpoint, change_head, change_picture, change_toml
from targets import draw_sources, pictures, tiny_options
from trial import Reader, Target

from depthmask.commands.cli import cli
from depthmask.inference.depth import write_depth
from depthmask.inference.evaluation import evaluate
from depthmask.inference.options import EvaluateOptions, PredictOptions
from depthmask.inference.prediction import predict
from depthmask.models.checkpoint import read_checkpoint
from depthmask.recipes.train_options import TrainOptions
from depthmask.training.loop import train
from pipeline.build import build_dataset
from pipeline.depth.teachers.lite import LITE, SHIPPED_WEIGHTS
from pipeline.depth.teachers.seam import Teacher
from pipeline.depth.teachers.table import describe_teacher, load_teacher
from shards.base.errors import InputError

RUN = {
    "backbone": "mobilenetv3_small_050", "pretrained": False, "heads": "mask", "size": 32,
    "epochs": 1, "batch_size": 4, "workers": 1, "device": "cpu",
}  # fmt: skip


def build_network(folder: Path) -> None:
    """A checkpoint as every command reads it."""
    read_checkpoint(folder / "run" / "best.pt").build()


def predict_pair(folder: Path) -> None:
    """`predict` on a composite and its background."""
    predict(
        PredictOptions(
            checkpoint=folder / "run" / "best.pt", image=folder / "image",
            background=folder / "background", out=folder / "prediction", device="cpu",
        )
    )  # fmt: skip


def score(folder: Path) -> None:
    """`evaluate` on a small data set, which also writes the run's card."""
    evaluate(
        EvaluateOptions(checkpoint=folder / "run" / "best.pt", shards=folder / "shards",
                        split="train", workers=1, device="cpu")
    )  # fmt: skip


def go_on(folder: Path) -> None:
    """`train --resume` for an epoch more: uses all of last.pt."""
    further: Any = RUN | {"epochs": 2}
    train(TrainOptions(shards=folder / "shards", out=folder / "run", resume=True, **further))


def read_config(folder: Path) -> None:
    """`train --config`, refused at the folder of the run."""
    config, run, shards = (str(folder / name) for name in ("run/config.toml", "run", "shards"))
    words = ["train", "--config", config, "--out", run, "--shards", shards]
    try:
        cli.main(words, "depthmask", standalone_mode=False)
    except InputError as error:
        if "add --resume" not in str(error):
            raise


def describe(folder: Path) -> None:
    """A teacher's weights as a build reads them."""
    weights = folder / "teacher.safetensors"
    describe_teacher(LITE, canvas=64, weights=weights)
    load_teacher(LITE, canvas=64, weights=weights)


def depth_of(teacher: Teacher) -> Reader:
    """`depth` on one picture."""

    def read(folder: Path) -> None:
        write_depth(teacher, folder / "image", folder / "depth", (0.0, 1.0))

    return read


def network_targets(work: Path) -> list[Target]:
    """All of them, made below `work`: a small network trained for an epoch, and the teacher."""
    torch.set_num_threads(1)
    root = work / "trained"
    draw_sources(root)
    build_dataset(tiny_options(root, "tar"))
    train(TrainOptions(shards=root / "shards", out=root / "run", **RUN))  # type: ignore[arg-type]
    for events in (root / "run").glob("events.*"):
        events.unlink()
    teacher = work / "teacher"
    teacher.mkdir()
    shutil.copy(SHIPPED_WEIGHTS, teacher / "teacher.safetensors")
    found = [
        Target(name="checkpoint", folder=root, file="run/best.pt", change=change_checkpoint,
               readers=(build_network,), writers=(predict_pair, score), weight=8),
        Target(name="last.pt of a run", folder=root, file="run/last.pt", change=change_checkpoint,
               writers=(go_on,), weight=4),
        Target(name="config.toml", folder=root, file="run/config.toml", change=change_toml,
               readers=(read_config,), weight=4),
        Target(name="teacher's weights", folder=teacher, file="teacher.safetensors",
               change=change_head, readers=(describe,), weight=4),
    ]  # fmt: skip
    for file in ("image", "background"):
        shutil.copy(root / "sources" / "bg" / "0.png", root / file)
    shown = load_teacher(LITE, canvas=64)
    for index, data in enumerate(pictures()):
        place = work / "shown" / str(index)
        (place / "run").mkdir(parents=True)
        (place / "run" / "best.pt").hardlink_to(root / "run" / "best.pt")
        (place / "image").write_bytes(data)
        (place / "background").write_bytes(data)
        for file, writers in (
            ("image", (predict_pair, depth_of(shown))), ("background", (predict_pair,)),
        ):  # fmt: skip
            found.append(
                Target(name="predict inputs", folder=place, file=file, change=change_picture,
                       writers=writers, weight=0.25)
            )  # fmt: skip
    return found
