"""Checkpoints, runs and pictures from strangers, read by networks"""

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from made_files import encode, png, resized_jpeg
from PIL import Image
from small import draw_background

from depthmask.inference.depth import write_depth
from depthmask.inference.options import PredictOptions
from depthmask.inference.prediction import predict
from depthmask.inference.predictor import load
from depthmask.models.checkpoint import Checkpoint, read_checkpoint, save_checkpoint
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import NetworkSpec
from depthmask.reports.report import write_report
from pipeline.depth.teachers.lite import SHIPPED_WEIGHTS
from pipeline.depth.teachers.table import describe_teacher, load_teacher
from shards.base.errors import InputError, RunError

GREY: dict[str, Any] = {
    "image_mean": (0.5,) * 3, "image_std": (0.2,) * 3,
    "background_mean": (0.5,) * 3, "background_std": (0.2,) * 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small untrained network that finds masks."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("network") / "best.pt"
    spec = NetworkSpec(backbone="mobilenetv3_small_050", heads="mask", **GREY)
    weights = MaskDepthNet(spec).state_dict()
    save_checkpoint(
        path,
        Checkpoint(spec=spec, size=(32, 32), coding=None, weights=weights, options={}, scores={},
                   training=None),
    )  # fmt: skip
    return path


def changed(checkpoint: Path, out: Path, path: tuple[Any, ...], value: Any) -> Path:
    """The checkpoint with another value at `path`."""
    state = torch.load(checkpoint, weights_only=True)
    inner = state
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    torch.save(state, out)
    return out


CODING = {"kind": "metric", "unit": "m", "bits": 12, "size": [16, 16], "scale": 0.1, "offset": 0.0}


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        (("size",), [64, 10**9], r"size\[1\]: expected a whole number"),
        (("size",), torch.zeros(10**6), "size: expected a list"),
        (("coding",), CODING | {"bits": 99}, "coding.bits"),
        (("coding",), CODING | {"scale": float("nan")}, "coding.scale"),
        (("spec",), None, "spec: expected a table"),
        (("spec", "heads"), "feet", "spec.heads"),
        (("spec", "image_std"), (0.0,) * 3, r"spec.image_std\[0\]"),
        (("spec", "image_mean"), (0.5,), "spec.image_mean"),
        (("spec", "backbone"), "../../etc", "spec.backbone"),
        (("spec", "backbone"), "vit_giant_patch14_dinov2", "expected a checkpoint"),
        (("spec", "backbone"), "convnextv2_huge", "weights"),
        (("weights",), [], "weights: expected a table"),
        (("weights", "fuse.0.bias"), torch.zeros(3), r"weights fuse.0.bias of \(3,\)"),
        (("weights", "fuse.0.bias"), None, "no weights fuse.0.bias"),
        (("weights", "image_std"), torch.full((1, 3, 1, 1), torch.nan), "that are no numbers"),
        (("weights", 5), 5, "found weights 5"),
        (("training",), [1], "training: expected a table"),
        (
            ("scores",),
            {"epoch": 3, "val_mask_iou": torch.zeros(9)},
            "scores.val_mask_iou: expected",
        ),
        (("scores",), {"val_mask_iou": 0.5}, "scores.epoch: expected"),
        (("scores",), [0.5], "scores: expected a table"),
        (("scores",), torch.zeros(9), "scores: expected a table"),
        (("options",), {"size": torch.zeros(0)}, "options.size: expected a plain value"),
        (("options",), {"shards": [5]}, r"options.shards\[0\]: expected an address"),
    ],
)
def test_a_checkpoint_with_a_wrong_value_is_refused(
    path: tuple[Any, ...], value: Any, found: str, checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=found):
        read_checkpoint(changed(checkpoint, tmp_path / "x.pt", path, value))


def test_a_checkpoint_is_never_unpacked(checkpoint: Path, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.pt"
    with zipfile.ZipFile(checkpoint) as whole:
        entries = {name: whole.read(name) for name in whole.namelist()}
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
        archive.writestr("archive/data/9999", bytes(50_000_000))
    assert bomb.stat().st_size < 5_000_000
    with pytest.raises(InputError, match="compressed entries"):
        read_checkpoint(bomb)
    os.mkfifo(tmp_path / "pipe.pt")
    with pytest.raises(InputError, match="no regular file"):
        read_checkpoint(tmp_path / "pipe.pt")


def test_a_number_that_stands_for_all_weights_is_refused(checkpoint: Path, tmp_path: Path) -> None:
    state = torch.load(checkpoint, weights_only=True)
    for name, value in state["weights"].items():
        state["weights"][name] = torch.ones((), dtype=value.dtype).expand(value.shape)
    torch.save(state, tmp_path / "x.pt")
    with pytest.raises(InputError, match=r"weights of [\d,]+ bytes in a file of"):
        read_checkpoint(tmp_path / "x.pt")


def test_weights_too_large_to_compute_with_give_a_sentence(
    checkpoint: Path, tmp_path: Path
) -> None:
    state = torch.load(checkpoint, weights_only=True)
    large = torch.full_like(state["weights"]["mask_head.weight"], 3e38)
    path = changed(checkpoint, tmp_path / "x.pt", ("weights", "mask_head.weight"), large)
    picture = draw_background(0)
    with pytest.raises(RunError, match="the network's output: expected finite numbers"):
        load(path, "cpu").predict(picture, picture.point(lambda value: 255 - value))


GREY_ROWS = np.zeros((4, 2624), np.uint8)
HOSTILE: dict[str, tuple[bytes | str, str]] = {
    "an empty file": (b"", "empty file"),
    "text": (b"no picture\n", "not a picture"),
    "a pickle": (b"\x80\4cos\nsystem\n(S'true'\ntR.", "not a picture"),
    "EPS": (b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
    "a bomb": (png(GREY_ROWS, 1, 0, size=(20_990, 29_700)), "over 64,000,000 pixels"),
    "a progressive bomb": (resized_jpeg(30_000, 20_000), "is over 64,000,000 pixels"),
    "a cut JPEG": (encode(draw_background(0), "JPEG")[:-900], "damaged picture"),
    "a cut PNG": (encode(draw_background(0))[:-900], "damaged picture"),
    "a pipe": ("pipe", "not a regular file"),
    "a device": ("/dev/zero", "not a regular file"),
    "a link to nowhere": ("nowhere", "a link to nowhere"),
    "a folder": (".", "not a regular file"),
}


def put(content: bytes | str, path: Path) -> Path:
    """A file with these bytes, a pipe, or a link."""
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(content)
    return path


@pytest.mark.parametrize("what", HOSTILE)
def test_predict_and_depth_take_hostile_pictures_as_a_build_does(
    what: str, checkpoint: Path, tmp_path: Path
) -> None:
    content, reason = HOSTILE[what]
    hostile = put(content, tmp_path / "hostile.png")
    whole = tmp_path / "whole.png"
    draw_background(0).save(whole)
    teacher = load_teacher("densedepth-lite", canvas=32)
    for image, background in ((hostile, whole), (whole, hostile)):
        if (
            what == "a folder"
        ):  # it stands for the pictures in it: tests/depthmask/inference/test_input_pictures.py
            continue
        options = PredictOptions(
            checkpoint=checkpoint, image=image, background=background, out=tmp_path / "out"
        )
        with pytest.raises(InputError, match=reason):
            predict(options)
    with pytest.raises(InputError, match=reason):
        write_depth(teacher, hostile, tmp_path / "out", (0.0, 1.0))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("size", [(1, 1), (1, 900), (900, 1), (3000, 40)])
def test_predict_answers_pictures_of_any_proportions(
    size: tuple[int, int], checkpoint: Path, tmp_path: Path
) -> None:
    for name, seed in (("image", 0), ("background", 1)):
        draw_background(seed).resize(size).save(tmp_path / f"{name}.png")
    options = PredictOptions(
        checkpoint=checkpoint, image=tmp_path / "image.png",
        background=tmp_path / "background.png", out=tmp_path / "out",
    )  # fmt: skip
    for path in predict(options):
        with Image.open(path) as picture:
            assert picture.size == size


def with_head(out: Path, **metadata: Any) -> Path:
    """The shipped weights with another header."""
    data = SHIPPED_WEIGHTS.read_bytes()
    size = int.from_bytes(data[:8], "little")
    head = json.loads(data[8 : 8 + size])
    head["__metadata__"] |= metadata
    text = json.dumps(head).encode()
    out.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + size :])
    return out


@pytest.mark.parametrize(
    "metadata",
    [
        {"low": "nan"}, {"low": "x"}, {"high": "-1"}, {"high": "1e999"}, {"low": None},
        {"kind": "disparity"}, {"name": "somebody's"},
    ],
)  # fmt: skip
def test_weights_that_say_nothing_sensible_of_themselves_are_refused(
    metadata: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="--depth-weights"):
        describe_teacher(
            "densedepth-lite", canvas=64, weights=with_head(tmp_path / "w", **metadata)
        )


@pytest.mark.parametrize(
    ("file", "data", "found"),
    [
        ("metrics.csv", b"epoch,train_loss\n1,high\n", "'high' for train_loss in line 1"),
        ("metrics.csv", b"epoch,train_loss\n1,\n", "'' for train_loss"),
        ("metrics.csv", b"epoch,train_loss\n1,2,3,4\n", "in line 1"),
        ("metrics.csv", b"\xff\xfe\x00", "metrics.csv"),
        ("config.toml", b"[" * 5000, "config.toml"),
        ("config.toml", b"\xff", "config.toml"),
        ("grid.png", b"%!PS-Adobe-3.0 EPSF-3.0\n", "not a picture"),
        ("grid.png", png(GREY_ROWS, 1, 0, size=(20_990, 29_700)), "over 64,000,000"),
    ],
)
def test_a_report_of_a_hostile_run_ends_in_a_sentence(
    file: str, data: bytes, found: str, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    run.mkdir()
    (run / "metrics.csv").write_text("epoch,train_loss\n1,0.5\n")
    (run / file).write_bytes(data)
    with pytest.raises(InputError, match=found):
        write_report(run, tmp_path / "report.html")


def test_names_in_a_runs_files_stay_text(tmp_path: Path) -> None:
    run = tmp_path / "<script>alert(1)</script>".replace("/", "_")
    run.mkdir()
    (run / "metrics.csv").write_text("epoch,train_loss,<img src=x>\n1,0.5,0.25\n")
    (run / "config.toml").write_text('"<svg onload=x>" = "<b>"\n')
    page = write_report(run, tmp_path / "report.html").read_text()
    for hostile in ("<script>alert", "<img src=x>", "<svg onload", "<b>"):
        assert hostile not in page
