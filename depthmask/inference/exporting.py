"""`export`: a trained network as one file for other programs, compared with the network."""

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from depthmask.inference.exported_net import ExportedNet, example_pictures, pad_evenly
from depthmask.inference.onnx_program import run_onnx, write_onnx
from depthmask.inference.options import EXPORT_ENDINGS, ExportOptions
from depthmask.models.checkpoint import Checkpoint, read_checkpoint
from shards.base.errors import RunError, first_line
from shards.base.files import publish, temporary_beside
from shards.base.size import Size, size_words
from shards.base.version import __version__
from shards.places.outputs import open_for_library, require_file, writing

TOLERANCE = 1e-3
"""The largest difference from the network that a file may have: of the mask, and of depth as a
share of its range. Rounding gives about 1e-5 (docs/export.md)."""

FACTS = "depthmask.json"


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Exported:
    """The file that was written, and how far its answers are from the network's.

    `differences` by output: the largest over the pictures that both were given; depth as a share
    of its range.
    """

    path: Path
    inputs: tuple[str, ...]
    differences: dict[str, float]


def export(options: ExportOptions) -> Exported:
    """A checkpoint's network as an ONNX or torch.export file, after the file has been tried.

    The file takes `image` and, unless the network sees single pictures, `background`: RGB float32
    (B, 3, H, W) in [0, 1]; normalisation and padding are inside. It gives `mask` (B, 1, H, W) in
    [0, 1] and `depth` (B, 1, H, W) in the kind and unit of the training. InputError for a file
    that cannot be written; RunError where the network cannot be brought into this form, or the
    file's output differs from the network's; then no file is left.
    """
    require_file(options.out, "OUT")
    checkpoint = read_checkpoint(options.checkpoint)
    original, network = (
        ExportedNet(checkpoint.build(), checkpoint.coding).requires_grad_(False) for _ in range(2)
    )
    pad_evenly(network)
    shapes = _shapes(network.multiple, checkpoint.size, options.size)
    program = _trace(network, shapes[0], options)
    write, run = _FORMATS[options.out.suffix]
    temporary = temporary_beside(options.out).with_suffix(options.out.suffix)
    try:
        with writing(options.out, "nothing was written"):
            options.out.parent.mkdir(parents=True, exist_ok=True)
            write(program, network, temporary, _facts(checkpoint, network, options))
            differences = _compare(original, run(temporary), shapes, options.out)
            publish(temporary, options.out)
    finally:
        temporary.unlink(missing_ok=True)
    return Exported(path=options.out, inputs=network.inputs, differences=differences)


def _shapes(multiple: int, trained: Size, fixed: Size | None) -> list[tuple[int, int, int]]:
    """Shapes (B, H, W) that the file is tried with; the first is what it is drawn up from.

    That one has no side whose maps are single pixels: a graph is drawn up for these alone.
    """
    if fixed is not None:
        return [(1, fixed[1], fixed[0])]
    width, height = (max(side, 2 * multiple) for side in trained)
    return [
        (2, 2 * multiple + 1, 3 * multiple + 3),
        (1, height, width),
        (3, height * 3 // 2 + 5, width),
    ]


def _facts(checkpoint: Checkpoint, network: ExportedNet, options: ExportOptions) -> dict[str, str]:
    """The file's metadata by name; values that are not text are JSON."""
    coding = checkpoint.coding
    size = options.size
    shape = "(B, 3, H, W)" if size is None else f"(1, 3, {size[1]}, {size[0]})"
    spec = dataclasses.asdict(checkpoint.spec)
    return {
        "depthmask_version": __version__,
        "inputs": f"{', '.join(network.inputs)}: RGB float32 {shape} in [0, 1]; "
        "normalisation is part of the network",
        "outputs": f"{', '.join(network.outputs)}: float32 (B, 1, H, W), the mask in [0, 1]",
        "network": json.dumps(spec),
        "trained_size": size_words(checkpoint.size),
        "depth": json.dumps(None if coding is None else coding.to_json()),
    }


def _trace(
    network: ExportedNet, shape: tuple[int, int, int], options: ExportOptions
) -> torch.export.ExportedProgram:
    """The network as a graph; RunError where it cannot be drawn up."""
    least = network.multiple + 1
    free = {
        0: torch.export.Dim("batch"),
        2: torch.export.Dim("height", min=least),
        3: torch.export.Dim("width", min=least),
    }
    dynamic = None if options.size is not None else (tuple(free for _ in network.inputs),)
    pictures = example_pictures(network.inputs, shape)
    try:
        with torch.no_grad():
            return torch.export.export(network, pictures, dynamic_shapes=dynamic)
    except Exception as error:  # each layer of the compiler has its own
        any_size = options.size is None
        raise RunError(
            str(options.checkpoint),
            expected="a network that torch.export follows" + " at any size" * any_size,
            found=first_line(error),
            remedy="give one size with --size"
            if any_size
            else "export a network with another --backbone",
        ) from error


Answer = Callable[[tuple[Tensor, ...]], list[Tensor]]


def _write_program(
    program: torch.export.ExportedProgram, network: ExportedNet, path: Path, facts: dict[str, str]
) -> None:
    with open_for_library(path) as file:
        torch.export.save(program, file, extra_files={FACTS: json.dumps(facts, indent=1)})


def _run_program(path: Path) -> Answer:
    module = torch.export.load(path).module()
    return lambda pictures: list(module(*pictures))


class _Format(NamedTuple):
    write: Callable[[torch.export.ExportedProgram, ExportedNet, Path, dict[str, str]], None]
    run: Callable[[Path], Answer]


_FORMATS = dict(
    zip(
        EXPORT_ENDINGS,
        (_Format(write_onnx, run_onnx), _Format(_write_program, _run_program)),
        strict=True,
    )
)


@torch.no_grad()
def _compare(
    network: ExportedNet, answer: Answer, shapes: list[tuple[int, int, int]], path: Path
) -> dict[str, float]:
    """The largest difference of each output from the checkpoint's network.

    RunError where it is more than TOLERANCE.
    """
    largest = dict.fromkeys(network.outputs, 0.0)
    for shape in shapes:
        pictures = example_pictures(network.inputs, shape)
        pairs = zip(network.outputs, network(*pictures), answer(pictures), strict=True)
        for name, ours, theirs in pairs:
            unit = network.span if name == "depth" else 1.0
            found = float((ours - theirs).abs().max()) / abs(unit)
            largest[name] = max(largest[name], found)
            if not found <= TOLERANCE:  # also what is no number
                raise RunError(
                    str(path),
                    expected=f"{name} within {TOLERANCE:g} of the network's at {shape}",
                    found=f"{found:.3g} beside it",
                    remedy="nothing was written; report this with `depthmask doctor`",
                )
    return largest
