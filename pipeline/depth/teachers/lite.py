"""`densedepth-lite`: the built-in teacher."""

import dataclasses
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.depth.teachers.card import (
    Choice,
    TeacherCard,
    fingerprint,
    refuse_declared,
    wrong_weights,
)
from pipeline.depth.teachers.seam import Teacher, View
from pipeline.depth.teachers.tensors import fill, read_tensors
from pipeline.machine.precision import fitting_precision
from shards.base.retrying import retry_passing
from shards.base.size import Size
from shards.pixels.depth_coding import Kind

if TYPE_CHECKING:
    from pipeline.depth.networks.lite_net import DenseDepthLite

LITE = "densedepth-lite"
SHIPPED_WEIGHTS = Path(__file__).parent.parent / "weights" / f"{LITE}.safetensors"

_SMALLEST, _LARGEST, _MULTIPLE = 96, 448, 32
_REMEDY = "give a file written by `depthmask train-teacher`"


def network_size(canvas: Size) -> tuple[int, int]:
    """(height, width) that a canvas is brought to, near its own shape.

    Multiples of 32 within what was trained for; a canvas beyond it is scaled as a whole.
    """
    scale = min(max(1, _SMALLEST / min(canvas)), _LARGEST / max(canvas))
    width, height = (
        min(_LARGEST, max(_SMALLEST, round(side * scale / _MULTIPLE) * _MULTIPLE))
        for side in canvas
    )
    return height, width


@dataclasses.dataclass(frozen=True, slots=True)
class _Header:
    name: str
    kind: Kind
    unit: str
    low: float
    high: float


def _read_header(path: Path) -> _Header:
    """What a weights file says of its values, read without torch; InputError when it is none."""
    try:
        found = json.loads(retry_passing(path, lambda: _header_bytes(path))).get("__metadata__", {})
        low, high = float(found["low"]), float(found["high"])
        if not -1e30 <= low < high <= 1e30:
            raise ValueError(f"a range of {low:g} to {high:g}")
        header = _Header(str(found["name"]), found["kind"], str(found["unit"]), low, high)
    except (
        OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError, struct.error,
    ) as error:  # fmt: skip
        raise wrong_weights(
            path,
            "a safetensors file written by `depthmask train-teacher`",
            str(error) or type(error).__name__,
            "give such a file, or leave out --depth-weights to use the shipped weights",
        ) from None
    if header.name != LITE or header.kind not in ("metric", "inverse") or not low < high:
        found_words = f"weights of {header.name}, kind {header.kind}, range {low} to {high}"
        raise wrong_weights(path, f"weights of {LITE}", found_words, _REMEDY)
    return header


def _header_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        if length > 1 << 24:
            raise ValueError("no safetensors header")
        return file.read(length)


def describe(choice: Choice) -> TeacherCard:
    """The card of `densedepth-lite`; imports no torch."""
    refuse_declared(choice, "kind", "value_range", "input_size")
    path = choice.weights or SHIPPED_WEIGHTS
    header = _read_header(path)
    height, width = network_size(choice.canvas)
    return TeacherCard(
        name=LITE,
        source="shipped with depthmask" if choice.weights is None else path.name,
        kind=header.kind,
        unit=header.unit,
        low=header.low,
        high=header.high,
        weights_sha256=fingerprint([path]),
        input_size=(height, width),
        output_size=(height // 2, width // 2),
    )


def read_lite_weights(network: "DenseDepthLite", path: Path) -> None:
    """Fill a `densedepth-lite` from a file of `train-teacher`; InputError where it is none."""
    _read_header(path)
    fill(network, read_tensors(path, "the tensors of densedepth-lite", _REMEDY), path, _REMEDY)


def load(choice: Choice) -> Teacher:
    """`densedepth-lite` with its weights, on a device, in the precision that fits it."""
    import torch

    from pipeline.depth.networks.batch_norm_folding import fuse_batch_norms
    from pipeline.depth.networks.lite_net import DenseDepthLite

    card, path = describe(choice), choice.weights or SHIPPED_WEIGHTS
    network = DenseDepthLite()
    read_lite_weights(network, path)
    network.encoder = fuse_batch_norms(network.encoder)
    network = network.eval().to(choice.device).to(memory_format=torch.channels_last)
    view = View(height=card.input_size[0], width=card.input_size[1])
    halved = fitting_precision(choice.device) == "bfloat16"

    def forward(pixels: torch.Tensor) -> torch.Tensor:
        with torch.autocast(pixels.device.type, torch.bfloat16, enabled=halved):
            found: torch.Tensor = network(pixels)
        return found

    return Teacher(card, view, forward, choice.device)
