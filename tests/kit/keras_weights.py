"""Keras files with DenseDepth's weights, written as Keras writes them."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from seeded_weights import seeded_weight

h5py = pytest.importorskip("h5py", reason="needs the extra `densedepth`")


GOLDEN = Path(__file__).parents[1] / "golden" / "densedepth.npz"

Layout = dict[str, Any]


def layout_of(variant: str) -> Layout:
    with np.load(GOLDEN) as golden:
        layout: Layout = json.loads(golden[f"{variant}_layout"].tobytes())
    return layout


def write_keras(path: Path, layout: Layout, *, shapes_only: bool = False) -> Path:
    """A .h5 file as Keras laid it out, with the seeded weights (or with none stored: zeros)."""
    with h5py.File(path, "w") as file:
        classes = [{"class_name": name} for name in layout["classes"]]
        file.attrs["keras_version"] = layout["version"]
        file.attrs["model_config"] = json.dumps({"config": {"layers": classes}})
        group = file.create_group("model_weights")
        group.attrs["layer_names"] = [name.encode() for name, _ in layout["layers"]]
        for layer, weights in layout["layers"]:
            inner = group.create_group(layer)
            inner.attrs["weight_names"] = [name.encode() for name, _ in weights]
            for name, shape in weights:
                role = name.rpartition("/")[2].partition(":")[0]
                if shapes_only:
                    inner.create_dataset(name, shape, np.float32, chunks=tuple(shape))
                else:
                    inner[name] = seeded_weight(layer, role, tuple(shape))
    return path
