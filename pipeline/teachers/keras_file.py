"""Weights that Keras 2 saved as .h5 (`model.save` or `save_weights`), read with h5py alone.

The file is untrusted: no layer of it is built and no link followed out of it; only arrays of
32-bit floats are read, and only those asked for, of the shape asked for.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.teachers.card import require_packages, wrong_weights
from shards.errors import InputError

_MOST_LAYERS = 5000
_FILTERS = (None, "gzip", "lzf")


class KerasFile:
    """Layers of an open .h5 file that hold weights, in the network's order.

    `version` is Keras' own (major, minor), (0, 0) where the file does not say; `classes` are the
    class names of all layers, empty where only weights were saved.
    """

    def __init__(self, file: Any, path: Path, remedy: str) -> None:
        self._path, self._remedy = path, remedy
        self._group = file
        if "model_weights" in file:
            self._group = self._follow("model_weights")
        if "layer_names" not in self._group.attrs and "layer_names0" not in self._group.attrs:
            raise self._wrong("no layer_names, which Keras writes")
        self.version = _version(file.attrs.get("keras_version", b""))
        self.classes = _classes(file.attrs.get("model_config", b""))
        names = _names(self._group.attrs, "layer_names")
        if len(names) > _MOST_LAYERS:
            raise self._wrong(f"{len(names)} layers")
        self.layers = {name: weights for name in names if (weights := self._weights(name))}

    def _wrong(self, found: str) -> Exception:
        expected = "weights that Keras saved (.h5)"
        return wrong_weights(self._path, expected, found, self._remedy)

    def _weights(self, layer: str) -> dict[str, str]:
        """Where the weights of a layer stand in the file, by role ("kernel", "bias", ...)."""
        names = _names(self._follow(layer).attrs, "weight_names")
        return {name.rpartition("/")[2].partition(":")[0]: f"{layer}/{name}" for name in names}

    def outputs(self, layer: str) -> int:
        """How many channels a convolution gives."""
        return int(self._data(layer, "kernel").shape[-1])

    def array(self, layer: str, role: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """One weight of a layer, float32; InputError unless it is there and of `shape`."""
        data = self._data(layer, role)
        if data.shape != shape:
            raise self._wrong(f"{role} of layer {layer} of {data.shape} instead of {shape}")
        return np.asarray(data[()], dtype=np.float32)

    def _data(self, layer: str, role: str) -> Any:
        """The array of a weight before it is read."""
        import h5py

        if role not in self.layers.get(layer, {}):
            raise self._wrong(f"no {role} of layer {layer}")
        place = self.layers[layer][role]
        data = self._follow(place)
        if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
            raise self._wrong(f"{place} that is no array in the file itself")
        if data.dtype.kind != "f" or data.compression not in _FILTERS or not data.shape:
            raise self._wrong(f"{place} of type {data.dtype}, compression {data.compression}")
        return data

    def _follow(self, place: str) -> Any:
        """What stands at a place; InputError for none, and for links out of the file."""
        import h5py

        found = self._group
        for part in place.split("/"):
            if not isinstance(found, h5py.Group) or part not in found:
                raise self._wrong(f"nothing at {place}")
            if not isinstance(found.get(part, getlink=True), h5py.HardLink):
                raise self._wrong(f"{place} that leads out of its group")
            found = found[part]
        return found


def _names(attributes: Mapping[str, Any], key: str) -> list[str]:
    """A list of names in attributes; Keras cuts a long one in pieces key0, key1, ..."""
    pieces = [key] if key in attributes else takewhile(attributes.__contains__, _numbered(key))
    return [_text(value) for piece in pieces for value in np.asarray(attributes[piece]).ravel()]


def _numbered(key: str) -> Iterator[str]:
    return (f"{key}{number}" for number in range(_MOST_LAYERS))


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _version(value: Any) -> tuple[int, int]:
    found = re.match(r"(\d+)\.(\d+)", _text(value))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _classes(value: Any) -> frozenset[str]:
    """Class names of the layers that a model's configuration lists; empty where there is none."""
    try:
        layers = json.loads(_text(value))["config"]["layers"]
        return frozenset(str(layer["class_name"]) for layer in layers)
    except (ValueError, KeyError, TypeError, RecursionError):
        return frozenset()


@contextmanager
def open_keras(path: Path, remedy: str) -> Iterator[KerasFile]:
    """A Keras file, open for reading; InputError where it is none."""
    require_packages(f"--depth-weights {path}", "densedepth", "h5py")
    import h5py

    try:
        file = h5py.File(path, "r")
    except OSError as error:
        found = str(error).partition("(")[2].rstrip(")") or str(error)
        raise wrong_weights(path, "a Keras file (.h5)", found, remedy) from None
    with file:
        try:
            yield KerasFile(file, path, remedy)
        except InputError:
            raise
        except (OSError, RuntimeError, KeyError, TypeError, ValueError) as error:
            raise wrong_weights(path, "a whole Keras file (.h5)", str(error), remedy) from None
