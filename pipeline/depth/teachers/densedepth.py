"""`densedepth`: the real DenseDepth with weights of its authors' kind.

It reads the released Keras files (nyu.h5, kitti.h5) and PyTorch state dicts, ours or those of the
common port, and gives metres as the authors' own prediction does:
clip(farthest / output, nearest, farthest).
"""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.depth.teachers.card import (
    Choice,
    TeacherCard,
    fingerprint,
    refuse_declared,
    wrong_weights,
)
from pipeline.depth.teachers.keras_file import SIGNATURE, KerasFile, read_keras
from pipeline.depth.teachers.seam import Teacher, View
from pipeline.depth.teachers.tensors import fill, read_tensors
from shards.base.errors import InputError
from shards.base.retrying import retry_passing

if TYPE_CHECKING:
    from torch import Tensor

    from pipeline.depth.networks.densedepth_net import DenseDepth

NAME = "densedepth"
_MULTIPLE = 32
_REMEDY = "give nyu.h5, kitti.h5 or a state dict of this network"
_PORT = "encoder.original_model.features."
_BLOCKS = (6, 12, 32, 32)
_NORMALISATION = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


@dataclasses.dataclass(frozen=True, slots=True)
class _Training:
    """What weights were trained for: the input's height and width, and metres."""

    input_size: tuple[int, int]
    nearest: float
    farthest: float


_NYU = _Training((480, 640), 0.1, 10.0)
_KITTI = _Training((384, 1280), 1.0, 80.0)


def _require_weights(choice: Choice) -> Path:
    if choice.weights is not None and choice.weights.is_file():
        return choice.weights
    raise InputError(
        "--depth-model densedepth",
        expected="its weights by --depth-weights FILE",
        found="none" if choice.weights is None else f"no file {choice.weights}",
        remedy=_REMEDY,
    )


def _training_of(choice: Choice, path: Path) -> _Training:
    """KITTI's where the file's name says so, else NYU's, and what the user declares over it."""
    known = _KITTI if "kitti" in path.name.lower() else _NYU
    near, far = choice.value_range or (known.nearest, known.farthest)
    size = choice.input_size or known.input_size
    if not 0 < near < far:
        raise InputError(
            "--depth-range",
            expected="metres with 0 < LOW < HIGH",
            found=f"{near:g} {far:g}",
            remedy="give the nearest and the farthest depth of the training data",
        )
    if size[0] % _MULTIPLE or size[1] % _MULTIPLE:
        raise InputError(
            "--depth-input",
            expected=f"multiples of {_MULTIPLE}",
            found=f"{size[1]} {size[0]}",
            remedy="give a width and a height such as 640 480",
        )
    return _Training(size, near, far)


def describe(choice: Choice) -> TeacherCard:
    """The card of `densedepth`: metres; imports no torch."""
    refuse_declared(choice, "kind")
    path = _require_weights(choice)
    training = _training_of(choice, path)
    height, width = training.input_size
    return TeacherCard(
        name=NAME,
        source=path.name,
        kind="metric",
        unit="m",
        low=training.nearest,
        high=training.farthest,
        weights_sha256=fingerprint([path]),
        input_size=(height, width),
        output_size=(height // 2, width // 2),
    )


def load(choice: Choice) -> Teacher:
    """`densedepth` with its weights, on a device; runs in float32."""
    import torch

    card, path = describe(choice), _require_weights(choice)
    training = _training_of(choice, path)
    network = load_network(path).eval().to(choice.device).to(memory_format=torch.channels_last)

    def forward(pixels: "Tensor") -> "Tensor":
        depth: Tensor = training.farthest / network(pixels)
        return depth.clamp(training.nearest, training.farthest)

    view = View(height=card.input_size[0], width=card.input_size[1])
    return Teacher(card, view, forward, choice.device)


def load_network(path: Path) -> "DenseDepth":
    """The network with the weights of a Keras file or a state dict, on the CPU."""
    is_keras = retry_passing(path, lambda: _begin(path)) == SIGNATURE
    if is_keras or path.suffix in (".h5", ".hdf5", ".keras"):
        return _from_keras(read_keras(path, _REMEDY), path)
    return _from_tensors(read_tensors(path, "weights of DenseDepth", _REMEDY), path)


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SIGNATURE))


def keras_layers() -> dict[str, str]:
    """The Keras layer behind each convolution and normalisation of our network, in order."""
    layers = {"conv0": "conv1/conv", "norm0": "conv1/bn"}
    for block, count in enumerate(_BLOCKS, 1):
        for layer in range(1, count + 1):
            ours, theirs = f"denseblock{block}.denselayer{layer}", f"conv{block + 1}_block{layer}"
            layers[f"{ours}.norm1"], layers[f"{ours}.conv1"] = f"{theirs}_0_bn", f"{theirs}_1_conv"
            layers[f"{ours}.norm2"], layers[f"{ours}.conv2"] = f"{theirs}_1_bn", f"{theirs}_2_conv"
        if block < len(_BLOCKS):
            layers[f"transition{block}.norm"] = f"pool{block + 1}_bn"
            layers[f"transition{block}.conv"] = f"pool{block + 1}_conv"
    layers["norm5"] = "bn"
    layers = {f"encoder.features.{ours}": theirs for ours, theirs in layers.items()}
    layers["decoder.bottom"] = "conv2"
    for block in range(4):
        layers[f"decoder.blocks.{block}.first"] = f"up{block + 1}_convA"
        layers[f"decoder.blocks.{block}.second"] = f"up{block + 1}_convB"
    return layers | {"head": "conv3"}


def _from_keras(keras: KerasFile, path: Path) -> "DenseDepth":
    """Kernels (h, w, in, out) become (out, in, h, w); four vectors a normalisation stay.

    Layers are found by their names in keras.applications ("conv1/conv" or "conv1_conv") and in
    DenseDepth. Up to Keras 2.2, on TensorFlow 1, DenseDepth's own layer resized corners to
    corners; later versions of it and Keras' UpSampling2D take half-pixel centres.
    """
    import torch

    from pipeline.depth.networks.densedepth_net import WIDTH, empty_densedepth

    theirs = {name.replace("/", "_"): name for name in keras.layers}
    wanted = {ours: name.replace("/", "_") for ours, name in keras_layers().items()}
    for name in wanted.values():
        if name not in theirs:
            found = f"no layer {name} among {len(theirs)} layers with weights"
            raise wrong_weights(path, "the layers of DenseDepth", found, _REMEDY)
    aligned = keras.version < (2, 3) and "UpSampling2D" not in keras.classes
    width = min(WIDTH, keras.outputs(theirs["conv2"]))
    network = empty_densedepth(width=width, aligned=aligned)
    tensors = {}
    for name, present in network.state_dict().items():
        module, _, role = name.rpartition(".")
        if role == "num_batches_tracked":
            continue
        shape, layer = tuple(present.shape), theirs[wanted[module]]
        if len(shape) == 4:
            kernel = keras.array(layer, "kernel", (shape[2], shape[3], shape[1], shape[0]))
            tensors[name] = torch.from_numpy(kernel).permute(3, 2, 0, 1).contiguous()
        else:
            role = _NORMALISATION[role] if ".norm" in module else role
            tensors[name] = torch.from_numpy(keras.array(layer, role, shape))
    fill(network, tensors, path, _REMEDY)
    return network


def _from_tensors(found: "dict[str, Tensor]", path: Path) -> "DenseDepth":
    """From a state dict in our names, or in those of the port, which resizes corners to corners."""
    from pipeline.depth.networks.densedepth_net import WIDTH, empty_densedepth

    is_port = any(name.startswith(_PORT) for name in found)
    if is_port:
        found = {_ours(name): value for name, value in found.items() if "classifier" not in name}
    bottom = found.get("decoder.bottom.weight")
    width = WIDTH if bottom is None or bottom.ndim != 4 else int(bottom.shape[0])
    network = empty_densedepth(width=min(width, WIDTH), aligned=is_port)
    fill(network, found, path, _REMEDY)
    return network


def _ours(name: str) -> str:
    """Our name of a tensor of the port: decoder.up1.convA.bias -> decoder.blocks.0.first.bias."""
    name = name.replace(_PORT, "encoder.features.").replace("decoder.conv2.", "decoder.bottom.")
    name = name.replace("decoder.conv3.", "head.")
    for block in range(4):
        for theirs, ours in (("convA", "first"), ("convB", "second")):
            name = name.replace(
                f"decoder.up{block + 1}.{theirs}.", f"decoder.blocks.{block}.{ours}."
            )
    return name
