"""`FILE.onnx`: any depth network with one picture in and one map out, through onnxruntime."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.depth.teachers.card import Choice, TeacherCard, fingerprint
from pipeline.depth.teachers.onnx_check import checked_files, wrong_onnx
from pipeline.depth.teachers.onnx_settings import read_settings
from pipeline.depth.teachers.seam import Teacher, View, declared, output_size_of
from pipeline.machine.extras import require_packages
from shards.base.errors import InputError, RunError, first_line
from shards.base.retrying import load_by_library, retry_passing
from shards.pixels.depth_coding import Kind

if TYPE_CHECKING:
    from torch import Tensor

_TYPES = {"tensor(float)": np.float32, "tensor(float16)": np.float16}


def _require_file(choice: Choice) -> Path:
    path = choice.weights
    if path is None or not retry_passing(path, path.is_file):
        raise wrong_onnx(Path(choice.name), "an ONNX file", f"no file {path or choice.name}")
    require_packages(f"--depth-model {choice.name}", "onnx", "onnxruntime", "onnx")
    return path


def _open(path: Path, files: list[Path], device: str) -> Any:
    """An onnxruntime session; on as many threads as torch has now."""
    import onnxruntime
    import torch

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = torch.get_num_threads()
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 4
    providers: list[Any] = ["CPUExecutionProvider"]
    kind, _, number = device.partition(":")
    if kind == "cuda":
        if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
            raise InputError(
                f"--device {device}",
                expected="an onnxruntime that was built for it",
                found="one for the CPU",
                remedy="install onnxruntime-gpu, or take --device cpu",
            )
        providers.insert(0, ("CUDAExecutionProvider", {"device_id": int(number or 0)}))
    elif kind != "cpu":
        raise InputError(
            f"--device {device}",
            expected="cpu or cuda, where onnxruntime runs a network",
            found=kind,
            remedy="take --device cpu",
        )
    try:
        return load_by_library(
            files, lambda: onnxruntime.InferenceSession(path, settings, providers=providers)
        )
    except RunError:
        raise
    except Exception as error:  # onnxruntime's own classes have no public home
        raise wrong_onnx(path, "a network that onnxruntime can run", first_line(error)) from None


@dataclasses.dataclass(frozen=True, slots=True)
class _Input:
    """The one input of a network: how it is laid out, and its size where it is fixed."""

    name: str
    dtype: Any
    channels_first: bool
    single: bool
    height: int | None
    width: int | None


def _input_of(path: Path, session: Any, layout: str | None) -> _Input:
    inputs = session.get_inputs()
    if len(inputs) != 1 or inputs[0].type not in _TYPES or len(inputs[0].shape) != 4:
        found = ", ".join(f"{each.name} {each.type} {each.shape}" for each in inputs)
        raise wrong_onnx(path, "one input of four dimensions, float", found or "none")
    shape = inputs[0].shape
    if layout is None:
        fitting = [name for name, axis in (("NCHW", 1), ("NHWC", 3)) if shape[axis] == 3]
        if len(fitting) != 1:
            remedy = f'say "input": {{"layout": "NCHW"}} or "NHWC" in {path.stem}.json'
            raise wrong_onnx(path, "three channels at one place", f"an input {shape}", remedy)
        layout = fitting[0]
    first = layout == "NCHW"
    sides = shape[2:4] if first else shape[1:3]
    height, width = (side if isinstance(side, int) else None for side in sides)
    if (shape[1] if first else shape[3]) not in (3, *[s for s in shape if isinstance(s, str)]):
        raise wrong_onnx(path, f"three channels ({layout})", f"an input {shape}")
    if isinstance(shape[0], int) and shape[0] != 1:
        raise wrong_onnx(path, "batches of one or of any size", f"batches of {shape[0]}")
    single = shape[0] == 1
    return _Input(inputs[0].name, _TYPES[inputs[0].type], first, single, height, width)


def _output_name(path: Path, session: Any, wanted: str | None) -> str:
    names = [output.name for output in session.get_outputs()]
    if not names:
        raise wrong_onnx(path, "an output", "none")
    if wanted is not None and wanted not in names:
        raise wrong_onnx(path, f"an output {wanted}", ", ".join(names), "correct FILE.json")
    return wanted or str(names[0])


def _size(path: Path, seen: _Input, settings: dict[str, Any], choice: Choice) -> tuple[int, int]:
    """(height, width): what the network fixes, else the user says, else FILE.json says."""
    said = (settings.get("height"), settings.get("width"))
    wanted = choice.input_size or said
    sides: list[int] = []
    for fixed, side in zip((seen.height, seen.width), wanted, strict=True):
        if fixed is not None and side not in (None, fixed):
            raise wrong_onnx(path, f"its own input size {fixed}", f"{side}", "leave the size out")
        given = side if fixed is None else fixed
        if given is None:
            raise wrong_onnx(
                path, "a size, which the network leaves open", "none", "add --depth-input"
            )
        sides.append(int(given))
    return sides[0], sides[1]


def load(choice: Choice) -> Teacher:
    """The network of an ONNX file, ready to use."""
    path = _require_file(choice)
    settings = read_settings(path.with_suffix(".json"))
    kind: Kind | None = choice.kind or settings.get("kind")
    if kind is None:
        remedy = f'add --depth-kind, or {{"kind": ...}} in {path.stem}.json beside it'
        raise wrong_onnx(path, "to know what its values are", "nothing that says it", remedy)
    files = checked_files(path)
    session = _open(path, files, choice.device)
    prepared = settings.get("input", {})
    try:
        seen = _input_of(path, session, prepared.get("layout"))
        output = _output_name(path, session, settings.get("output"))
    except UnicodeDecodeError as error:
        found = repr(error.object)
        raise wrong_onnx(path, "names of inputs and outputs in UTF-8", found) from None
    height, width = _size(path, seen, prepared, choice)
    view = View(
        height=height,
        width=width,
        filter=prepared.get("filter", "bilinear"),
        mean=tuple(prepared.get("mean", (0.0, 0.0, 0.0))),
        std=tuple(prepared.get("std", (1.0, 1.0, 1.0))),
    )
    forward = _Forward(session, seen, output)
    limits = settings.get("range")
    card = TeacherCard(
        name=choice.name,
        source=path.name,
        kind=kind,
        unit=settings.get("unit", "m" if kind == "metric" else "relative"),
        low=limits and float(limits[0]),
        high=limits and float(limits[1]),
        weights_sha256=fingerprint(files),
        input_size=(height, width),
        output_size=_output_size(path, view, forward, choice),
    )
    return Teacher(declared(card, None, choice.value_range), view, forward, choice.device)


def _output_size(path: Path, view: View, forward: "_Forward", choice: Choice) -> tuple[int, int]:
    try:
        return output_size_of(view, forward, choice.canvas, choice.device)
    except Exception as error:  # of onnxruntime, for sizes that do not fit and worse
        found = first_line(error)
        raise wrong_onnx(
            path, f"one map of a picture of {view.width}x{view.height}", found
        ) from None


@dataclasses.dataclass(frozen=True, slots=True)
class _Forward:
    """Runs a session on pixels as the seam gives them."""

    session: Any
    seen: _Input
    output: str

    def __call__(self, pixels: "Tensor") -> "Tensor":
        """(B, 3, h, w) -> (B, h', w')."""
        import torch

        pixels = pixels if self.seen.channels_first else pixels.permute(0, 2, 3, 1)
        given = np.ascontiguousarray(pixels.cpu().numpy(), dtype=self.seen.dtype)
        batches = [given[i : i + 1] for i in range(len(given))] if self.seen.single else [given]
        answers = [self.session.run([self.output], {self.seen.name: batch})[0] for batch in batches]
        maps = np.concatenate(answers)
        for axis in (1, -1):  # (B, 1, h, w) or (B, h, w, 1) -> (B, h, w)
            if maps.ndim == 4 and maps.shape[axis] == 1:
                maps = maps.squeeze(axis)
        return torch.from_numpy(maps.astype(np.float32))


def describe(choice: Choice) -> TeacherCard:
    """The card of a network, which is opened and asked for one map."""
    return load(choice).card
