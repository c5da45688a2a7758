"""Tensors of a weights file: read without running anything of it, and put into a network."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.depth.teachers.card import wrong_weights
from shards.base.errors import InputError, RunError, first_line
from shards.base.retrying import load_by_library, retry_passing

if TYPE_CHECKING:
    from torch import Tensor, nn

_MOST_BYTES = 8 << 30
_COUNTERS = "num_batches_tracked"


def read_tensors(path: Path, expected: str, remedy: str) -> "dict[str, Tensor]":
    """The tensors of a .safetensors file or a PyTorch state dict, by name.

    A state dict is read with `weights_only`, which builds tensors and plain containers and
    refuses everything else; entries "state_dict" or "model" of a checkpoint are looked into, and
    the prefix "module." of parallel training is taken away.
    """
    import torch

    try:
        if retry_passing(path, path.stat).st_size > _MOST_BYTES:
            raise wrong_weights(path, expected, f"over {_MOST_BYTES:,} bytes", remedy)
        loaded = load_by_library([path], lambda: _load(path))
    except (InputError, RunError):
        raise
    except Exception as error:  # torch and safetensors name no common class for damaged files
        raise wrong_weights(path, expected, _reason(error), remedy) from None
    for inner in ("state_dict", "model"):
        if isinstance(loaded, dict) and isinstance(loaded.get(inner), dict):
            loaded = loaded[inner]
    if not isinstance(loaded, dict) or not loaded:
        raise wrong_weights(path, expected, f"a {type(loaded).__name__} without tensors", remedy)
    for name, value in loaded.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise wrong_weights(path, expected, f"{name!r}: {type(value).__name__}", remedy)
    return {name.removeprefix("module."): value for name, value in loaded.items()}


def _load(path: Path) -> Any:
    import torch
    from safetensors.torch import load_file

    if _is_safetensors(path):
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)


def _is_safetensors(path: Path) -> bool:
    """Whether a file begins as safetensors do: the length of a header in JSON, then "{"."""
    with path.open("rb") as file:
        return path.suffix == ".safetensors" or file.read(9)[8:] == b"{"


def _reason(error: Exception) -> str:
    if "weights_only" in str(error) or "Unsupported" in str(error):
        return "objects that would run code, or no state dict"
    return first_line(error)


def fill(network: "nn.Module", found: "dict[str, Tensor]", path: Path, remedy: str) -> None:
    """Put tensors into a network, which may lie on the meta device; afterwards it has these.

    InputError names the first tensor, in the network's order, that is missing or of another
    shape, or one that the network has not. Counters of batches may be missing.
    """
    import torch

    expected = network.state_dict()
    what = f"{len(expected)} tensors of {type(network).__name__}"
    chosen = {}
    for name, present in expected.items():
        if name not in found and name.endswith(_COUNTERS):
            chosen[name] = torch.zeros(present.shape, dtype=present.dtype)
        elif name not in found:
            raise wrong_weights(path, what, f"no {name} in the file", remedy)
        elif found[name].shape != present.shape:
            shapes = f"{name} of {tuple(found[name].shape)} instead of {tuple(present.shape)}"
            raise wrong_weights(path, what, shapes, remedy)
        elif not bool(found[name].isfinite().all()):
            raise wrong_weights(path, what, f"{name} with values that are no numbers", remedy)
        else:
            chosen[name] = found[name].to(present.dtype)
    for name in sorted(found.keys() - expected.keys()):
        raise wrong_weights(path, what, f"no {name} in the network", remedy)
    network.load_state_dict(chosen, assign=True)
