"""What teachers of others are read from: Keras files, ONNX files and what is said beside them,
folders of transformers, state dicts; and the option files of a build."""

import random
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
import transformers
from keras_weights import layout_of, write_keras
from mutations import (
    Change,
    change_checkpoint,
    change_head,
    change_json,
    change_toml,
    flip_bytes,
)
from onnx_files import KERNEL, convolution
from safetensors.torch import save_file
from targets import draw_sources
from transformer_folders import dpt
from trial import Reader, Target

from depthmask.commands.cli import cli
from pipeline.depth.teachers.densedepth import load_network
from pipeline.depth.teachers.keras_file import read_keras
from pipeline.depth.teachers.table import load_teacher
from pipeline.depth.teachers.tensors import fill, read_tensors

REMEDY = "give weights"
RGB = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
SHAPES: dict[str, dict[str, tuple[int, ...]]] = {
    "conv1/conv": {"kernel": (3, 3, 2, 4), "bias": (4,)},
    "conv1/bn": {"gamma": (4,), "beta": (4,), "moving_mean": (4,), "moving_variance": (4,)},
    "conv2": {"kernel": (1, 1, 4, 30), "bias": (30,)},
}
"""Layers of a small Keras file: weights by role, with their shapes."""


def write_small_keras(path: Path, compression: str | None) -> Path:
    """A file as Keras lays it out, with a few layers, its arrays in one piece or compressed."""
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        file.attrs["keras_version"] = b"2.2.4"
        file.attrs["model_config"] = b'{"config": {"layers": [{"class_name": "Conv2D"}]}}'
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [layer.encode() for layer in SHAPES]
        for layer, weights in SHAPES.items():
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [f"{layer}/{role}:0".encode() for role in weights]
            for role, shape in weights.items():
                values = rng.normal(size=shape).astype(np.float32)
                inner.create_dataset(f"{layer}/{role}:0", data=values, compression=compression)
    return path


def read_small(folder: Path) -> None:
    """Every weight of a small Keras file."""
    keras = read_keras(folder / "small.h5", REMEDY)
    for layer, weights in SHAPES.items():
        for role, shape in weights.items():
            keras.array(layer, role, shape)
    keras.outputs("conv2")


def load_keras(folder: Path) -> None:
    """The whole network from a file like nyu.h5."""
    load_network(folder / "nyu.h5")


def read_state(file: str, folder: Path) -> None:
    """The tensors of a state dict, put into a network."""
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    fill(network, read_tensors(folder / file, "tensors", REMEDY), folder / file, REMEDY)


def ask(name: str, options: dict[str, Any], folder: Path) -> None:
    """A teacher by the name of its file or folder, asked for a map; no number is its own fault."""
    prefix, _, place = name.rpartition(":")
    teacher = load_teacher(f"{prefix}{':' * bool(prefix)}{folder / place}", canvas=32, **options)
    maps = teacher.predict(RGB)
    if maps.dtype != np.float32 or maps.ndim != 3:
        raise AssertionError(f"maps {maps.dtype} {maps.shape}")


def dry_run(folder: Path) -> None:
    """`build-dataset --config FILE --dry-run`."""
    words = ["-q", "build-dataset", "--config", str(folder / "build.toml"), "--dry-run"]
    words += ["--fg", str(folder / "sources" / "fg"), "--bg", str(folder / "sources" / "bg")]
    words += ["--out", str(folder / "shards"), "--depth-model", "none"]
    cli.main(words, "depthmask", standalone_mode=False)


def change_weights(data: bytes, rng: random.Random) -> bytes:
    """A Keras file damaged; now and then a little at many places."""
    for _ in range(rng.choice((1, 1, 1, 5))):
        data = flip_bytes(data, rng)
    return data


def onnx_targets(work: Path) -> list[Target]:
    """A network of one convolution, what is said beside it, its data in another file."""
    root = work / "onnx"
    root.mkdir()
    said = {"kind": "inverse", "unit": "relative", "range": [0, 20], "output": "depth",
            "input": {"layout": "NCHW", "height": 32, "width": 32, "filter": "bicubic",
                      "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.25]}}  # fmt: skip
    convolution(root / "m.onnx", shape=(1, 3, 32, 32), settings=said)
    (root / "weights.bin").write_bytes(KERNEL.tobytes())
    convolution(root / "e.onnx", shape=("b", 3, "h", "w"), location="weights.bin")
    own = partial(ask, "m.onnx", {})
    beside = partial(ask, "e.onnx", {"kind": "metric", "input_size": (32, 32)})
    rows: list[tuple[str, str, Change, Reader, float]] = [
        ("ONNX file", "m.onnx", flip_bytes, own, 4),
        ("ONNX file", "e.onnx", flip_bytes, beside, 2),
        ("ONNX file", "weights.bin", flip_bytes, beside, 0.5),
        ("ONNX settings", "m.json", change_json, own, 4),
    ]
    return [
        Target(name=name, folder=root, file=file, change=change, readers=(read,), weight=weight)
        for name, file, change, read, weight in rows
    ]


def folder_targets(work: Path) -> list[Target]:
    """A folder of transformers: its configuration, how pictures are prepared, its weights."""
    torch.manual_seed(0)
    root = work / "hub"
    network, processor = dpt()
    for part in (network, processor):
        part.save_pretrained(root / "m")
    return [
        Target(name="transformers folder", folder=root, file=f"m/{file}", change=change,
               readers=(partial(ask, "hf:m", {}),), weight=weight)
        for file, change, weight in (
            ("config.json", change_json, 0.5),
            ("preprocessor_config.json", change_json, 0.5),
            ("model.safetensors", change_head, 0.5),
        )
    ]  # fmt: skip


def teacher_targets(work: Path) -> list[Target]:
    """All of them, made below `work`."""
    torch.set_num_threads(1)
    transformers.utils.logging.set_verbosity_error()
    root = work / "weights"
    root.mkdir()
    write_keras(root / "nyu.h5", layout_of("released"), shapes_only=True)
    state = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4)).state_dict()
    torch.save({"state_dict": state}, root / "state.pt")
    save_file(state, root / "state.safetensors", metadata={"made": "here"})
    found = [
        Target(name="Keras file", folder=root, file="nyu.h5", change=change_weights,
               readers=(load_keras,), weight=0.3),
        Target(name="state dict", folder=root, file="state.pt", change=change_checkpoint,
               readers=(partial(read_state, "state.pt"),), weight=4),
        Target(name="state dict", folder=root, file="state.safetensors", change=change_head,
               readers=(partial(read_state, "state.safetensors"),), weight=4),
    ]  # fmt: skip
    for compression in (None, "gzip", "lzf"):
        place = work / "keras" / str(compression)
        place.mkdir(parents=True)
        write_small_keras(place / "small.h5", compression)
        found.append(
            Target(name="Keras file", folder=place, file="small.h5", change=change_weights,
                   readers=(read_small,), weight=1)
        )  # fmt: skip
    draw_sources(work / "options")
    (work / "options" / "build.toml").write_text(
        "size = 16\nplacements = 3\nflip = true\nsamples = 8\nseed = 0\nfg_scale = [0.4, 0.72]\n"
        'format = "tar"\nsamples_per_shard = 3\nval_fraction = 0.5\nsplit_by = "source"\n'
        'depth_format = "png16"\ndepth_bits = 12\nimage_quality = 90\nworkers = 1\n'
    )
    found.append(
        Target(name="build options (TOML)", folder=work / "options", file="build.toml",
               change=change_toml, readers=(dry_run,), weight=4)
    )  # fmt: skip
    return [*found, *onnx_targets(work), *folder_targets(work)]
