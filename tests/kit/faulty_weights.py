"""Weights of every kind, for a process whose system calls fail (tests/kit/faulty_builds.py).

`write_all` puts small files of each kind into a folder; `read_all` gives one digest of all.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from onnx_files import convolution
from PIL import Image
from safetensors.torch import save_file
from transformer_folders import dpt

from depthmask.drawing.textures import read_photographs
from pipeline.depth.networks.backbone_weights import read_weights
from pipeline.depth.teachers.table import load_teacher
from pipeline.depth.teachers.tensors import read_tensors

_RGB = np.random.default_rng(1).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)


def write_all(folder: Path) -> None:
    """A network of transformers, an ONNX file, two files of tensors and a photograph."""
    network, processor = dpt()
    network.save_pretrained(folder / "hf")
    processor.save_pretrained(folder / "hf")
    settings = {"kind": "inverse", "input": {"height": 64, "width": 64}}
    convolution(folder / "m.onnx", settings=settings)
    tensors = {"a": torch.arange(4.0)}
    save_file(tensors, folder / "w.safetensors")
    torch.save(tensors, folder / "w.pt")
    Image.fromarray(_RGB[0]).save(folder / "photograph.png")


def read_all(folder: Path) -> str:
    """A digest of what all of them give."""
    found = hashlib.sha256()
    for name in (f"hf:{folder / 'hf'}", str(folder / "m.onnx")):
        found.update(load_teacher(name, canvas=64).predict(_RGB).tobytes())
    for file in ("w.safetensors", "w.pt"):
        found.update(read_tensors(folder / file, "tensors", "none")["a"].numpy().tobytes())
        found.update(read_weights(folder / file)["a"].numpy().tobytes())
    for photograph in read_photographs(folder):
        found.update(photograph.tobytes())
    return found.hexdigest()
