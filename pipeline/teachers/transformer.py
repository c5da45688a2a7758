"""`hf:NAME_OR_PATH`: depth networks of the transformers library, from a folder or the hub.

Weights are read from safetensors only and no code that comes with a model is run. Pictures are
prepared by the seam as the model's own image processor says, and the two are compared once on a
picture of noise.
"""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.teachers.card import Choice, TeacherCard, fingerprint, require_packages
from pipeline.teachers.seam import Forward, Teacher, View, declared, output_size_of, see
from shards.depth import Kind
from shards.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

_REMEDY = "name a folder that `save_pretrained` wrote, or a model of the hub"
_FILES = ("*.json", "*.safetensors")
_MOST_JSON = 16 << 20
_FILTERS = {2: "bilinear", 3: "bicubic"}
_TOLERANCE = 0.02
"""Of normalised pixels: one level of 255, as versions of torchvision round otherwise."""

_KINDS: dict[str, Kind] = {"dpt": "inverse", "zoedepth": "metric", "glpn": "metric"}


def _wrong(choice: Choice, expected: str, found: str, remedy: str = _REMEDY) -> InputError:
    where = f"--depth-model {choice.name}"
    return InputError(where, expected=expected, found=found, remedy=remedy)


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _folder(choice: Choice) -> Path:
    """The folder with a model's files: the one named, or what the hub (or its cache) gives."""
    if choice.weights is not None:
        if not (choice.weights / "config.json").is_file():
            found = "no config.json" if choice.weights.is_dir() else "no such folder"
            raise _wrong(choice, f"a model in {choice.weights}", found)
        return choice.weights
    name = choice.name.removeprefix("hf:")
    try:
        return Path(_snapshot(name, fetch=choice.fetch))
    except Exception as error:  # of the network, the hub, the cache: no common class
        place, found = "on the hub or in its cache", _first_line(error)
        remedy = "fetch it once where there is a network, or name a folder: hf:FOLDER"
        if not choice.fetch:
            place, found = "in the hub's cache (a data set fetches nothing)", "none"
            remedy = f"if you trust that name, `depthmask depth --depth-model {choice.name}` does"
        raise _wrong(choice, f"{name} {place}", found, remedy) from None


def _snapshot(name: str, *, fetch: bool) -> str:
    from huggingface_hub import snapshot_download

    patterns = list(_FILES)
    return str(snapshot_download(name, allow_patterns=patterns, local_files_only=not fetch))


def _checked_files(choice: Choice, folder: Path) -> list[Path]:
    """The files a model is made of; InputError without safetensors or with a huge JSON file."""
    found = [path for pattern in _FILES for path in sorted(folder.glob(pattern))]
    files = [path for path in found if path.is_file()]
    if not any(path.suffix == ".safetensors" for path in files):
        others = [path.name for path in sorted(folder.glob("*.bin")) + sorted(folder.glob("*.pt"))]
        remedy = "save the model with `save_pretrained(FOLDER, safe_serialization=True)`"
        raise _wrong(choice, "weights in .safetensors", ", ".join(others) or "none", remedy)
    for path in files:
        if path.suffix == ".json" and path.stat().st_size > _MOST_JSON:
            raise _wrong(choice, f"at most {_MOST_JSON} bytes", f"{path.name}, which is larger")
    return files


def _settings(config: Any) -> Iterator[tuple[str, Any]]:
    """Every value of a configuration with its key, those of the networks within it too."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _settings(value)
        else:
            yield from ((key, each) for each in (value if isinstance(value, list) else [value]))


def _require_depth(choice: Choice, folder: Path, files: list[Path]) -> None:
    """InputError for a network of more layers than its files have tensors: it would be built."""
    from safetensors import safe_open

    tensors = 0
    for path in files:
        if path.suffix == ".safetensors":
            with safe_open(path, "np") as opened:
                tensors += len(opened.keys())
    for key, value in _settings(json.loads((folder / "config.json").read_text())):
        counts = (key == "depths" or key.endswith("layers")) and isinstance(value, int | float)
        if counts and value > tensors:
            raise _wrong(choice, f"at most {tensors} layers, one a tensor", f"{key} {value}")


@contextmanager
def _quiet(library: Any) -> Iterator[None]:
    """The library without its remarks and progress bars."""
    logging = library.utils.logging
    before, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        if bars:
            logging.enable_progress_bar()


def _open(choice: Choice, folder: Path, files: list[Path]) -> tuple[Any, Any, list[str]]:
    """The network (float32, in evaluation), its image processor, and what its weights lack.

    Tensors that are missing are filled with NaN: a finite answer shows that nothing reads them
    (checkpoints of DPT leave out such ones).
    """
    import torch
    import transformers

    known = {"local_files_only": True, "trust_remote_code": False}
    try:
        _require_depth(choice, folder, files)
        with _quiet(transformers):
            processor = transformers.AutoImageProcessor.from_pretrained(folder, **known)
            network, report = transformers.AutoModelForDepthEstimation.from_pretrained(
                folder,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                **known,
            )
    except InputError:
        raise
    except Exception as error:  # whatever a library of hundreds of models raises
        raise _wrong(
            choice, "a depth network that transformers knows", _first_line(error)
        ) from None
    for name, found, wanted in sorted(report["mismatched_keys"]):
        shapes = f"{name} of {tuple(found)} instead of {tuple(wanted)}"
        raise _wrong(choice, f"the tensors of {type(network).__name__}", shapes)
    missing = sorted(report["missing_keys"])
    tensors = dict(network.named_parameters()) | dict(network.named_buffers())
    with torch.no_grad():
        for name in missing:
            tensors[name].fill_(torch.nan)
    return network.float().eval(), processor, missing


def _view_of(choice: Choice, processor: Any) -> View:
    """How the processor prepares a square picture of the canvas size; InputError if otherwise."""
    import torch

    zoe = type(processor).__name__.startswith("ZoeDepth")
    noise = np.random.default_rng(0).integers(0, 256, (choice.canvas,) * 2 + (3,), dtype=np.uint8)
    try:
        theirs = processor(images=noise, return_tensors="pt")["pixel_values"]
        height, width = theirs.shape[-2:]
        view = View(
            height=height,
            width=width,
            filter=_FILTERS[int(processor.resample)],  # type: ignore[arg-type]
            whole_levels=not zoe,
            aligned=zoe,
            border=zoe and bool(processor.do_pad),
        )
        if processor.do_normalize:
            mean, std = tuple(processor.image_mean), tuple(processor.image_std)
            view = dataclasses.replace(view, mean=mean, std=std)
        ours = see(torch.from_numpy(noise)[None].permute(0, 3, 1, 2), view)
        distance = float((ours - theirs).abs().max())
    except Exception as error:  # a processor may lack anything that another one has
        found = _first_line(error)
        raise _wrong(choice, "an image processor for single pictures", found) from None
    if not distance <= _TOLERANCE:
        found = f"{type(processor).__name__}, which differs by {distance:.3g}"
        raise _wrong(choice, "pictures that are only resized and normalised", found)
    return view


def facts_of(choice: Choice, config: Any) -> tuple[Kind, str, tuple[float, float] | None]:
    """Kind, unit and range by family; InputError for one that must be declared."""
    family = str(config.model_type)
    kind = choice.kind or _KINDS.get(family)
    limits = None
    if family == "depth_anything":
        kind = choice.kind or ("metric" if config.depth_estimation_type == "metric" else "inverse")
    if family == "glpn" or (family == "depth_anything" and kind == "metric"):
        limits = (0.0, float(config.max_depth))
    if kind is None:
        remedy = "say with --depth-kind what its values are"
        raise _wrong(choice, "a family whose kind is known", family, remedy)
    return kind, "m" if kind == "metric" else "relative", limits


def load(choice: Choice) -> Teacher:
    """A depth network of transformers with its weights, on a device; runs in float32."""
    require_packages(f"--depth-model {choice.name}", "hf", "transformers")
    folder = _folder(choice)
    files = _checked_files(choice, folder)
    network, processor, missing = _open(choice, folder, files)
    view = _view_of(choice, processor)
    if choice.input_size is not None:
        view = dataclasses.replace(view, height=choice.input_size[0], width=choice.input_size[1])
    kind, unit, limits = facts_of(choice, network.config)
    network = network.to(choice.device)

    def forward(pixels: "Tensor") -> "Tensor":
        depth: Tensor = network(pixel_values=pixels).predicted_depth
        return depth

    card = TeacherCard(
        name=choice.name,
        source=f"{network.config.model_type}, {choice.name.removeprefix('hf:')}",
        kind=kind,
        unit=unit,
        low=limits[0] if limits else None,
        high=limits[1] if limits else None,
        weights_sha256=fingerprint(files),
        input_size=(view.height, view.width),
        output_size=_output_size(choice, view, forward, missing),
    )
    return Teacher(declared(card, None, choice.value_range), view, forward, choice.device)


def _output_size(
    choice: Choice, view: View, forward: Forward, missing: list[str]
) -> tuple[int, int]:
    """The size of a map; InputError where the network cannot answer, or lacks what it reads."""
    try:
        return output_size_of(view, forward, choice.canvas, choice.device)
    except Exception as error:  # of torch, for sizes that do not fit and worse
        found = f"no {missing[0]} in its weights" if missing else _first_line(error)
        raise _wrong(choice, f"a depth map at {view.width}x{view.height}", found) from None


def describe(choice: Choice) -> TeacherCard:
    """The card of a network, which is loaded and asked for one map."""
    return load(choice).card
