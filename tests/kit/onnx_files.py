"""Small ONNX files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx", reason="needs the extra `onnx`")


FLOAT = 1  # onnx.TensorProto.FLOAT

KERNEL = np.random.default_rng(0).normal(size=(1, 3, 3, 3)).astype(np.float32)


def convolution(
    path: Path,
    *,
    shape: tuple[Any, ...] = ("b", 3, "h", "w"),
    last: bool = False,
    domain: str = "",
    location: str | None = None,
    settings: dict[str, Any] | None = None,
) -> Path:
    """A file with one 3x3 convolution to one channel; `last`: channels last, as its input."""
    helper = onnx.helper
    nodes = [helper.make_node("Conv", ["seen", "kernel"], ["depth"], pads=[1] * 4, domain=domain)]
    if last:
        nodes.insert(0, helper.make_node("Transpose", ["pixels"], ["seen"], perm=[0, 3, 1, 2]))
    kernel = onnx.numpy_helper.from_array(KERNEL, "kernel")
    if location is not None:
        kernel.ClearField("raw_data")
        kernel.data_location = onnx.TensorProto.EXTERNAL
        kernel.external_data.add(key="location", value=location)
    graph = helper.make_graph(
        nodes,
        "one convolution",
        [helper.make_tensor_value_info("pixels" if last else "seen", FLOAT, shape)],
        [helper.make_tensor_value_info("depth", FLOAT, None)],
        [kernel],
    )
    imports = [helper.make_opsetid("", 17)]
    imports += [helper.make_opsetid(domain, 1)] if domain else []
    path.write_bytes(
        helper.make_model(graph, opset_imports=imports, ir_version=8).SerializeToString()
    )
    if settings is not None:
        path.with_suffix(".json").write_text(json.dumps(settings))
    return path
