"""Weights that Keras 2 saved as .h5 (`model.save` or `save_weights`), read in a guarded child.

pipeline/depth/teachers/keras_reader.py says why, and what of the file is read.
"""

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.depth.teachers.card import wrong_weights
from pipeline.depth.teachers.keras_reader import MOST_MEMORY, READ, REFUSED
from pipeline.machine.extras import require_packages
from pipeline.machine.guarded_child import ChildDeathError, GuardedChildren
from shards.base.errors import RunError
from shards.base.retrying import retry_passing

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""The first bytes of an HDF5 file, where Keras has them."""

_SECONDS = 30
"""Processor time that a file may take; one of 170 MB takes about one second."""

_CHILDREN = GuardedChildren("pipeline.depth.teachers.keras_reader", 1)


@dataclasses.dataclass(frozen=True, slots=True)
class KerasFile:
    """Layers that hold weights, in the network's order, with the roles of their weights.

    `version` is Keras' own (major, minor), (0, 0) where the file does not say; `classes` are the
    class names of all layers, empty where only weights were saved.
    """

    path: Path
    remedy: str
    layers: dict[str, list[str]]
    version: tuple[int, int]
    classes: frozenset[str]
    _arrays: dict[str, NDArray[np.float32]] = dataclasses.field(repr=False)
    _faults: dict[str, str] = dataclasses.field(repr=False)

    def outputs(self, layer: str) -> int:
        """How many channels a convolution gives."""
        return int(self._array(layer, "kernel").shape[-1])

    def array(self, layer: str, role: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
        """One weight of a layer, float32; InputError unless it is there and of `shape`."""
        found = self._array(layer, role)
        if found.shape != shape:
            raise self._wrong(f"{role} of layer {layer} of {found.shape} instead of {shape}")
        return found

    def _array(self, layer: str, role: str) -> NDArray[np.float32]:
        key = json.dumps([layer, role])
        if key in self._faults:
            raise self._wrong(self._faults[key])
        if key not in self._arrays:
            raise self._wrong(f"no {role} of layer {layer}")
        return self._arrays[key]

    def _wrong(self, found: str) -> Exception:
        return wrong_weights(self.path, "weights that Keras saved (.h5)", found, self.remedy)


def read_keras(path: Path, remedy: str) -> KerasFile:
    """The weights in a Keras file; InputError where it is none.

    RunError where it cannot be read now, or HDF5's library dies of it, twice.
    """
    require_packages(f"--depth-weights {path}", "densedepth", "h5py")
    expected = "a whole Keras file (.h5)"
    data = retry_passing(path, path.read_bytes)
    if not data.startswith(SIGNATURE):
        raise wrong_weights(path, expected, "no HDF5 file", remedy)
    answer = _answer(path, data)
    if answer.startswith(REFUSED):
        found = answer.removeprefix(REFUSED).decode("utf-8", "replace")
        raise wrong_weights(path, expected, found, remedy)
    return _handed_over(answer.removeprefix(READ), path, remedy)


def _answer(path: Path, data: bytes) -> bytes:
    try:
        return _CHILDREN.ask(data, memory=MOST_MEMORY, seconds=_SECONDS)
    except ChildDeathError as error:
        raise RunError(
            f"--depth-weights {path}",
            expected="a whole Keras file (.h5)",
            found=f"one that HDF5's library died of, twice: {error}",
            remedy="give another file, or free memory if you trust it; then run the same command "
            "again",
        ) from None
    finally:
        _CHILDREN.end()


def _handed_over(data: bytes, path: Path, remedy: str) -> KerasFile:
    from safetensors.numpy import load

    size = int.from_bytes(data[:8], "little")
    metadata = json.loads(data[8 : 8 + size])["__metadata__"]
    facts: dict[str, Any] = {name: json.loads(value) for name, value in metadata.items()}
    major, minor = facts["version"]
    return KerasFile(
        path, remedy, facts["layers"], (major, minor), frozenset(facts["classes"]),
        load(data), facts["faults"],
    )  # fmt: skip
