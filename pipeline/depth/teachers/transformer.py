"""`hf:NAME_OR_PATH`: depth networks of the transformers library, from a folder or the hub.

Weights are read from safetensors only and no code that comes with a model is run. Pictures are
prepared by the seam as the model's own image processor says, and the two are compared once on a
picture of noise.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from pipeline.depth.teachers.card import Choice, TeacherCard, fingerprint
from pipeline.depth.teachers.seam import Forward, Teacher, View, declared, output_size_of, see
from pipeline.depth.teachers.transformer_files import (
    checked_files,
    find_folder,
    require_depth,
    require_sides,
    require_size,
    tensor_shapes,
    wrong,
)
from pipeline.machine.extras import require_packages
from shards.base.errors import InputError, RunError, first_line
from shards.base.retrying import load_by_library
from shards.pixels.depth_coding import Kind

if TYPE_CHECKING:
    from torch import Tensor

_FILTERS = {2: "bilinear", 3: "bicubic"}
_TOLERANCE = 0.02
"""Of normalised pixels: one level of 255, as versions of torchvision round otherwise."""

_KINDS: dict[str, Kind] = {"dpt": "inverse", "zoedepth": "metric", "glpn": "metric"}


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

    def load() -> tuple[Any, Any, dict[str, Any]]:
        held = tensor_shapes(files)
        require_depth(choice, folder, held)
        with _quiet(transformers):
            config = transformers.AutoConfig.from_pretrained(folder, **known)
            with torch.device("meta"):
                drawn = transformers.AutoModelForDepthEstimation.from_config(config)
            require_size(choice, drawn, held)
            processor = transformers.AutoImageProcessor.from_pretrained(folder, **known)
            require_sides(choice, processor.to_dict())
            network, report = transformers.AutoModelForDepthEstimation.from_pretrained(
                folder,
                use_safetensors=True,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                **known,
            )
        return network, processor, report

    try:
        network, processor, report = load_by_library(files, load)
    except (InputError, RunError):
        raise
    except Exception as error:  # whatever a library of hundreds of models raises
        raise wrong(choice, "a depth network that transformers knows", first_line(error)) from None
    for name, found, wanted in sorted(report["mismatched_keys"]):
        shapes = f"{name} of {tuple(found)} instead of {tuple(wanted)}"
        raise wrong(choice, f"the tensors of {type(network).__name__}", shapes)
    missing = sorted(report["missing_keys"])
    tensors = dict(network.named_parameters()) | dict(network.named_buffers())
    with torch.no_grad():
        for name in missing:
            tensors[name].fill_(torch.nan)
    return network.float().eval(), processor, missing


def _view_of(choice: Choice, processor: Any) -> View:
    """How the processor prepares a picture of the canvas size; InputError if otherwise."""
    import torch

    zoe = type(processor).__name__.startswith("ZoeDepth")
    noise = np.random.default_rng(0).integers(0, 256, (*choice.canvas[::-1], 3), dtype=np.uint8)
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
        found = first_line(error)
        raise wrong(choice, "an image processor for single pictures", found) from None
    if not distance <= _TOLERANCE:
        found = f"{type(processor).__name__}, which differs by {distance:.3g}"
        raise wrong(choice, "pictures that are only resized and normalised", found)
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
        raise wrong(choice, "a family whose kind is known", family, remedy)
    return kind, "m" if kind == "metric" else "relative", limits


def load(choice: Choice) -> Teacher:
    """A depth network of transformers with its weights, on a device; runs in float32."""
    require_packages(f"--depth-model {choice.name}", "hf", "transformers")
    folder = find_folder(choice)
    files = checked_files(choice, folder)
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
        found = f"no {missing[0]} in its weights" if missing else first_line(error)
        raise wrong(choice, f"a depth map at {view.width}x{view.height}", found) from None


def describe(choice: Choice) -> TeacherCard:
    """The card of a network, which is loaded and asked for one map."""
    return load(choice).card
