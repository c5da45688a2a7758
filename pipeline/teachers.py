"""Depth teachers: from a batch of pictures to float32 maps of one declared kind, unit and range.

Whatever a network wants of its input (size, normalisation, layout) is the teacher's own business;
whatever users do with maps is not. Nothing is ever normalised picture by picture.
"""

import dataclasses
import difflib
import hashlib
import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from shards.depth import Kind
from shards.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

LITE = "densedepth-lite"
TEACHERS = (LITE,)
SHIPPED_WEIGHTS = Path(__file__).parent / "weights" / f"{LITE}.safetensors"

_SMALLEST, _LARGEST, _MULTIPLE = 96, 448, 32


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class TeacherCard:
    """What a teacher says of itself: what its values mean, and whose weights they come from.

    `input_size` and `output_size` are sides in pixels of the square the network sees and of the
    map it gives, for one canvas size.
    """

    name: str
    kind: Kind
    unit: str
    low: float
    high: float
    weights_sha256: str
    input_size: int
    output_size: int


class Teacher(Protocol):
    """A depth network that is ready to use."""

    card: TeacherCard
    kind: Kind
    unit: str

    def predict(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Maps float32 (B, h, w) at the network's own output size of uint8 (B, H, W, 3)."""
        ...


def _require_known(name: str) -> None:
    if name in TEACHERS:
        return
    near = difflib.get_close_matches(name, [*TEACHERS, "none"], n=1, cutoff=0.3)
    known = ", ".join([*TEACHERS, "none"])
    raise InputError(
        "--depth-model",
        expected=f"one of {known}",
        found=repr(name),
        remedy=f"did you mean {near[0]}?" if near else "choose one of these",
    )


def _network_side(canvas: int) -> int:
    """The side a canvas is brought to: the nearest multiple of 32 within what was trained for."""
    return min(_LARGEST, max(_SMALLEST, round(canvas / _MULTIPLE) * _MULTIPLE))


def _read_header(path: Path) -> dict[str, str]:
    """The metadata of a safetensors file, read without torch; InputError when it is none."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > 1 << 24:
                raise ValueError("no safetensors header")
            metadata = json.loads(file.read(length)).get("__metadata__", {})
        header = {key: str(metadata[key]) for key in ("name", "kind", "unit", "low", "high")}
        low, high = float(header["low"]), float(header["high"])
        if not -1e30 <= low < high <= 1e30:
            raise ValueError(f"a range of {low:g} to {high:g}")
        return header
    except (
        OSError, ValueError, LookupError, AttributeError, TypeError, RecursionError, struct.error,
    ) as error:  # fmt: skip
        raise InputError(
            f"--depth-weights {path}",
            expected="a safetensors file written by `depthmask train-teacher`",
            found=str(error) or type(error).__name__,
            remedy="give such a file, or leave --depth-weights away for the shipped weights",
        ) from None


def describe_teacher(name: str, *, canvas: int, weights: Path | None = None) -> TeacherCard:
    """The card of a teacher for pictures of `canvas` pixels a side; imports no torch.

    InputError for an unknown name (with near matches) or a file that holds no weights of it.
    """
    _require_known(name)
    path = weights or SHIPPED_WEIGHTS
    header = _read_header(path)
    if header["name"] != name or header["kind"] not in ("metric", "inverse"):
        raise InputError(
            f"--depth-weights {path}",
            expected=f"weights of {name}",
            found=f"weights of {header['name']}, kind {header['kind']}",
            remedy="give weights of this teacher",
        )
    side = _network_side(canvas)
    return TeacherCard(
        name=name,
        kind="metric" if header["kind"] == "metric" else "inverse",
        unit=header["unit"],
        low=float(header["low"]),
        high=float(header["high"]),
        weights_sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        input_size=side,
        output_size=side // 2,
    )


class LiteTeacher:
    """`densedepth-lite` with its weights, on a device; runs in float32."""

    def __init__(self, card: TeacherCard, weights: Path, device: str) -> None:
        import torch

        from pipeline.densedepth_lite import DenseDepthLite

        self.card, self.kind, self.unit = card, card.kind, card.unit
        self._device = torch.device(device)
        network = DenseDepthLite()
        _load_weights(network, weights)
        self._network = network.eval().to(self._device).to(memory_format=torch.channels_last)

    def predict(self, rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Nearness in (0, 1), float32 (B, h, w), of uint8 (B, H, W, 3)."""
        import torch
        import torch.nn.functional as F

        side = self.card.input_size
        with torch.inference_mode():
            pixels = torch.from_numpy(np.array(rgb)).to(self._device)
            pixels = pixels.permute(0, 3, 1, 2).float() / 255  # (B, H, W, 3) -> (B, 3, H, W)
            if pixels.shape[-2:] != (side, side):
                pixels = F.interpolate(pixels, size=(side, side), mode="bilinear", antialias=True)
            maps: Tensor = self._network(pixels.contiguous(memory_format=torch.channels_last))
            values: NDArray[np.float32] = maps.float().cpu().numpy()
        return values


def _load_weights(network: Any, path: Path) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        found = load_file(path)
    except (SafetensorError, OSError) as error:
        raise _other_weights(path, str(error)) from None
    expected = network.state_dict()
    for key in sorted(expected.keys() | found.keys()):
        if key not in found or key not in expected:
            where = "the file" if key not in found else "the network"
            raise _other_weights(path, f"no {key} in {where}")
        if found[key].shape != expected[key].shape:
            shapes = f"{tuple(found[key].shape)} instead of {tuple(expected[key].shape)}"
            raise _other_weights(path, f"{key} of {shapes}")
        if not bool(found[key].isfinite().all()):
            raise _other_weights(path, f"{key} with values that are no numbers")
    network.load_state_dict({key: value.float() for key, value in found.items()})


def _other_weights(path: Path, found: str) -> InputError:
    return InputError(
        f"--depth-weights {path}",
        expected="the tensors of densedepth-lite",
        found=found,
        remedy="give a file written by `depthmask train-teacher`",
    )


def load_teacher(
    name: str, *, canvas: int | None = None, weights: Path | None = None, device: str = "cpu"
) -> Teacher:
    """A teacher that is ready to use, for pictures of `canvas` pixels a side (224 if not said)."""
    card = describe_teacher(name, canvas=canvas or 224, weights=weights)
    return LiteTeacher(card, weights or SHIPPED_WEIGHTS, device)
