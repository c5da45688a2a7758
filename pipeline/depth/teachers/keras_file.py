"""Weights that Keras 2 saved as .h5 (`model.save` or `save_weights`), read in another process.

pipeline/depth/teachers/keras_reader.py says why, and what of the file is read.
"""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.depth.teachers.card import require_packages, wrong_weights
from shards.base.scratch import Scratch

SIGNATURE = b"\x89HDF\r\n\x1a\n"
"""The first bytes of an HDF5 file, where Keras has them."""

_READER = "pipeline.depth.teachers.keras_reader"
_REFUSED = 3
_SECONDS, _PATIENCE_SECONDS = 30, 600
"""Processor time that a file may take (one of 170 MB takes about one), and time by the clock."""


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
    """The weights in a Keras file; InputError where it is none, or HDF5's library fails on it."""
    require_packages(f"--depth-weights {path}", "densedepth", "h5py")
    expected = "a whole Keras file (.h5)"
    with path.open("rb") as file:
        if file.read(len(SIGNATURE)) != SIGNATURE:
            raise wrong_weights(path, expected, "no HDF5 file", remedy)
    scratch = Scratch()
    try:
        out = scratch.path / "weights.safetensors"
        command = [sys.executable, "-m", _READER, str(path.absolute()), str(out)]
        command.append(str(_SECONDS))
        try:
            ended = subprocess.run(
                command,
                cwd=scratch.path,  # `-m` looks for modules there first
                env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                check=False,
                timeout=_PATIENCE_SECONDS,
            )
        except subprocess.TimeoutExpired as late:
            found = f"one that was not read within {late.timeout:g} seconds"
            raise wrong_weights(path, expected, found, remedy) from None
        if ended.returncode == _REFUSED:
            raise wrong_weights(path, expected, str(json.loads(ended.stdout)), remedy)
        if ended.returncode:
            found = f"one that HDF5's library does not get through (status {ended.returncode})"
            raise wrong_weights(path, expected, found, remedy)
        return _handed_over(out, path, remedy)
    finally:
        scratch.remove()


def _handed_over(out: Path, path: Path, remedy: str) -> KerasFile:
    from safetensors import safe_open
    from safetensors.numpy import load_file

    with safe_open(out, "np") as file:
        facts: dict[str, Any] = {name: json.loads(v) for name, v in file.metadata().items()}
    major, minor = facts["version"]
    return KerasFile(
        path, remedy, facts["layers"], (major, minor), frozenset(facts["classes"]),
        load_file(out), facts["faults"],
    )  # fmt: skip
