"""Writing a traced network as an ONNX file, and running one in onnxruntime."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from shards.base.errors import InputError

if TYPE_CHECKING:
    from depthmask.inference.exported_net import ExportedNet

_AXES = {0: "batch", 2: "height", 3: "width"}


def write_onnx(
    program: torch.export.ExportedProgram, network: ExportedNet, path: Path, facts: dict[str, str]
) -> None:
    """Write a program as ONNX with `facts` as its metadata. InputError without the packages."""
    try:
        import onnx
        import onnxscript  # noqa: F401  # torch.onnx.export needs it
    except ImportError as error:
        raise _not_installed(error) from None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)
        exported = torch.onnx.export(
            program,
            dynamo=True,
            verbose=False,
            input_names=list(network.inputs),
            output_names=list(network.outputs),
        )
    if exported is None:
        raise RuntimeError("torch.onnx.export returned nothing")
    model = exported.model_proto
    for node in model.graph.node:  # its lines in our sources, with paths of this machine
        node.ClearField("metadata_props")
        node.ClearField("doc_string")
    for name, value in facts.items():
        model.metadata_props.add(key=name, value=value)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def run_onnx(path: Path) -> Callable[[tuple[Tensor, ...]], list[Tensor]]:
    """A function that gives an ONNX file's answer to pictures, by onnxruntime on the CPU."""
    try:
        import onnxruntime
    except ImportError as error:
        raise _not_installed(error) from None
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [each.name for each in session.get_inputs()]

    def answer(pictures: tuple[Tensor, ...]) -> list[Tensor]:
        given = {name: each.numpy() for name, each in zip(names, pictures, strict=True)}
        return [torch.from_numpy(maps) for maps in session.run(None, given)]

    return answer


def _not_installed(error: ImportError) -> InputError:
    return InputError(
        "export to .onnx",
        expected="the packages onnx, onnxscript and onnxruntime",
        found=f"no {error.name}",
        remedy="pip install 'depthmask[onnx]', or export to .pt2",
    )
