"""The files of a transformers network: where they are, and whether they fit together.

Weights are taken from safetensors only. What a configuration asks for is compared with the files'
headers before any memory is taken for it.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.depth.teachers.card import Choice
from shards.base.errors import InputError, first_line
from shards.base.retrying import retry_passing

_REMEDY = "name a folder that `save_pretrained` wrote, or a model of the hub"
_FILES = ("*.json", "*.safetensors")
_MOST_JSON = 16 << 20
_MOST_SIDE = 2048
_SIDES = {"height", "width", "shortest_edge", "longest_edge", "ensure_multiple_of", "size_divisor"}
_SPARE_VALUES = 16_000_000
"""What a network may have beyond its files: tables of positions, tensors that nothing reads."""


def wrong(choice: Choice, expected: str, found: str, remedy: str = _REMEDY) -> InputError:
    """The InputError of a model of transformers that is not what a teacher needs."""
    where = f"--depth-model {choice.name}"
    return InputError(where, expected=expected, found=found, remedy=remedy)


def find_folder(choice: Choice) -> Path:
    """The folder with a model's files: the one named, or what the hub (or its cache) gives."""
    if choice.weights is not None:
        config = choice.weights / "config.json"
        if not retry_passing(config, config.is_file):
            found = "no config.json" if choice.weights.is_dir() else "no such folder"
            raise wrong(choice, f"a model in {choice.weights}", found)
        return choice.weights
    name = choice.name.removeprefix("hf:")
    try:
        return Path(_snapshot(name, fetch=choice.fetch))
    except Exception as error:  # of the network, the hub, the cache: no common class
        place, found = "on the hub or in its cache", first_line(error)
        remedy = "fetch it once where there is a network, or name a folder: hf:FOLDER"
        if not choice.fetch:
            place, found = "in the hub's cache (a data set fetches nothing)", "none"
            remedy = f"if you trust that name, `depthmask depth --depth-model {choice.name}` does"
        raise wrong(choice, f"{name} {place}", found, remedy) from None


def _snapshot(name: str, *, fetch: bool) -> str:
    from huggingface_hub import snapshot_download

    patterns = list(_FILES)
    return str(snapshot_download(name, allow_patterns=patterns, local_files_only=not fetch))


def checked_files(choice: Choice, folder: Path) -> list[Path]:
    """The files a model is made of; InputError without safetensors or with a huge JSON file."""

    def listed() -> list[Path]:
        found = [path for pattern in _FILES for path in sorted(folder.glob(pattern))]
        return [path for path in found if path.is_file()]

    files = retry_passing(folder, listed)
    if not any(path.suffix == ".safetensors" for path in files):
        others = [path.name for path in sorted(folder.glob("*.bin")) + sorted(folder.glob("*.pt"))]
        remedy = "save the model with `save_pretrained(FOLDER, safe_serialization=True)`"
        raise wrong(choice, "weights in .safetensors", ", ".join(others) or "none", remedy)
    for path in files:
        if path.suffix == ".json" and retry_passing(path, path.stat).st_size > _MOST_JSON:
            raise wrong(choice, f"at most {_MOST_JSON} bytes", f"{path.name}, which is larger")
    return files


def _settings(config: Any) -> Iterator[tuple[str, Any]]:
    """Every value of a configuration with its key, those of the networks within it too."""
    for key, value in config.items():
        if isinstance(value, dict):
            yield from _settings(value)
        else:
            yield from ((key, each) for each in (value if isinstance(value, list) else [value]))


def tensor_shapes(files: list[Path]) -> list[list[int]]:
    """The shapes of all tensors, from the files' headers."""
    from safetensors import safe_open

    shapes = []
    for path in files:
        if path.suffix == ".safetensors":
            with safe_open(path, "np") as opened:
                shapes += [opened.get_slice(name).get_shape() for name in opened.keys()]  # noqa: SIM118
    return shapes


def require_depth(choice: Choice, folder: Path, shapes: list[list[int]]) -> None:
    """InputError for a network of more layers than its files have tensors: it would be built."""
    for key, value in _settings(json.loads((folder / "config.json").read_bytes())):
        counts = (key == "depths" or key.endswith("layers")) and isinstance(value, int | float)
        if counts and value > len(shapes):
            raise wrong(choice, f"at most {len(shapes)} layers, one a tensor", f"{key} {value}")


def require_size(choice: Choice, network: Any, shapes: list[list[int]]) -> None:
    """InputError for a network, drawn up without memory, much larger than what its files hold."""
    held = sum(math.prod(shape) for shape in shapes)
    tensors = [*network.parameters(), *network.buffers()]
    wanted = sum(tensor.numel() for tensor in tensors)
    if wanted > 2 * held + _SPARE_VALUES:
        found = f"a configuration for {wanted:,}"
        raise wrong(choice, f"a network of the {held:,} values in its files", found)


def require_sides(choice: Choice, processor: dict[str, Any]) -> None:
    """InputError for an image processor, as a table, that makes huge pictures."""
    for key, value in _settings(processor):
        if key in _SIDES and isinstance(value, int | float) and not value <= _MOST_SIDE:
            raise wrong(choice, f"pictures of at most {_MOST_SIDE} pixels a side", f"{key} {value}")
