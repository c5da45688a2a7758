"""What reads the bytes of a Keras file in a guarded child.

HDF5's library trusts the file: damaged bytes keep it busy for ever, or end its process. So it
runs here, with an end to its time and memory, and hands over plain arrays as safetensors. The
file is untrusted: no layer of it is built and no link followed out of it; only arrays of floats
are read.
"""

import io
import json
import re
import resource
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

import numpy as np

from pipeline.machine.guarded_child import serve
from shards.base.errors import first_line

READ, REFUSED = b"+", b"-"

MOST_MEMORY = 8 << 30
_MOST_BYTES = 2 << 30
_MOST_LAYERS = 5000
_FILTERS = (None, "gzip", "lzf")


class NoKerasFileError(Exception):
    """What is wrong with a file, in a few words."""


class _Reader:
    """The layers of an open file that hold weights, in the network's order."""

    def __init__(self, file: Any) -> None:
        self._file = self._group = file
        if "model_weights" in file:
            self._group = self._follow("model_weights")
        if "layer_names" not in self._group.attrs and "layer_names0" not in self._group.attrs:
            raise NoKerasFileError("no layer_names, which Keras writes")
        names = _names(self._group.attrs, "layer_names")
        if len(names) > _MOST_LAYERS:
            raise NoKerasFileError(f"{len(names)} layers")
        self._layers = {name: weights for name in names if (weights := self._weights(name))}

    def read(self) -> tuple[dict[str, Any], dict[str, str]]:
        """Arrays float32 by JSON of [layer, role], and what else the file says, as text.

        `faults` are weights that are no plain arrays, with the reason.
        """
        arrays: dict[str, Any] = {}
        faults: dict[str, str] = {}
        total = 0
        for layer, weights in self._layers.items():
            for role, place in weights.items():
                key = json.dumps([layer, role])
                try:
                    data = self._array(place)
                except NoKerasFileError as error:
                    faults[key] = str(error)
                    continue
                total += data.size * np.dtype(np.float32).itemsize
                if total > _MOST_BYTES:
                    raise NoKerasFileError(f"over {_MOST_BYTES:,} bytes of weights")
                arrays[key] = np.asarray(data[()], dtype=np.float32)
        facts = {
            "layers": json.dumps({layer: list(weights) for layer, weights in self._layers.items()}),
            "faults": json.dumps(faults),
            "version": json.dumps(_version(self._file.attrs.get("keras_version", b""))),
            "classes": json.dumps(_classes(self._file.attrs.get("model_config", b""))),
        }
        return arrays, facts

    def _weights(self, layer: str) -> dict[str, str]:
        """Where the file has the weights of a layer, by role ("kernel", "bias", ...)."""
        names = _names(self._follow(layer).attrs, "weight_names")
        return {name.rpartition("/")[2].partition(":")[0]: f"{layer}/{name}" for name in names}

    def _array(self, place: str) -> Any:
        """The array of a weight before it is read."""
        import h5py

        data = self._follow(place)
        if not isinstance(data, h5py.Dataset) or data.external or data.is_virtual:
            raise NoKerasFileError(f"{place} that is no array in the file itself")
        if data.dtype.kind != "f" or data.compression not in _FILTERS or not data.shape:
            found = f"{place} of type {data.dtype}, compression {data.compression}"
            raise NoKerasFileError(found)
        if any(piece > side for piece, side in zip(data.chunks or (), data.shape, strict=False)):
            raise NoKerasFileError(f"{place} in pieces larger than itself, {data.chunks}")
        return data

    def _follow(self, place: str) -> Any:
        """What stands at a place; NoKerasFileError for none, and for links out of the file."""
        import h5py

        found = self._group
        for part in place.split("/"):
            if not isinstance(found, h5py.Group) or part not in found:
                raise NoKerasFileError(f"nothing at {place}")
            if not isinstance(found.get(part, getlink=True), h5py.HardLink):
                raise NoKerasFileError(f"{place} that leads out of its group")
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
    found = re.match(r"(\d{1,9})\.(\d{1,9})", _text(value))
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _classes(value: Any) -> list[str]:
    """Class names of the layers that a model's configuration lists; empty where there is none."""
    try:
        layers = json.loads(_text(value))["config"]["layers"]
        return sorted({str(layer["class_name"]) for layer in layers})
    except (ValueError, KeyError, TypeError, RecursionError):
        return []


def answer(data: bytes) -> bytes:
    """The arrays of a Keras file as safetensors after READ, or after REFUSED what is wrong."""
    import h5py
    from safetensors.numpy import save

    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            arrays, facts = _Reader(file).read()
    except MemoryError:
        raise
    except NoKerasFileError as error:
        return REFUSED + str(error).encode()
    except Exception as error:  # whatever h5py makes of what the library says
        return REFUSED + first_line(error).encode()
    return READ + save(arrays, metadata=facts)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    serve(answer)
