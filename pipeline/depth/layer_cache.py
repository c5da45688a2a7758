"""Layers of sources: a teacher's maps of single pictures, made once for all workers of a build.

Workers share nothing but the data set's folder, so maps lie there, one file a source, until the
data set is finished. Whoever needs one that is not there makes it: it does not matter who, because
a teacher sees every source alone.
"""

import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.compositing.foreground import Foreground
from pipeline.depth.layers import (
    BackgroundLayer,
    ForegroundLayer,
    Map,
    Part,
    background_layer,
    foreground_layer,
    stand_alone,
)
from pipeline.machine.byte_cache import ByteCache
from pipeline.machine.kept_files import keep, read_kept
from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding

FOLDER = ".layers"
"""Where the maps lie within the folder of a data set that is being built."""

_CACHE_BYTES = 48 << 20
_HEAD = struct.Struct("<II")  # height, width
_MOST_BYTES = 4 * 4096**2 + _HEAD.size


class Layers:
    """The layers of a build's sources, as one process needs them: bounded in memory.

    `predict` gives the teacher's map (h, w) of one picture uint8 (H, W, 3); maps are shared
    through `folder`, or with no one.
    """

    def __init__(
        self,
        coding: DepthCoding,
        canvas: Size,
        predict: Callable[[NDArray[np.uint8]], Map],
        folder: Path | None,
    ) -> None:
        self._coding, self._canvas = coding, canvas
        self._predict, self._folder = predict, folder
        self._backgrounds = ByteCache[int, BackgroundLayer](
            _CACHE_BYTES, lambda kept: kept.codes.nbytes
        )
        self._maps = ByteCache[int, Map](_CACHE_BYTES, lambda kept: kept.nbytes)
        self._objects = ByteCache[int, ForegroundLayer](
            _CACHE_BYTES, lambda kept: kept.relief.nbytes
        )

    def background(
        self,
        index: int,
        picture: Callable[[], NDArray[np.uint8]],
        part: Part | None = None,
        flip: bool = False,
    ) -> BackgroundLayer:
        """The layer of background `index`, or of a part of it, mirrored or not.

        `picture` gives uint8 (H, W, 3) of the whole background; it is asked only for what no one
        has shown to the teacher.
        """

        def whole(index: int) -> BackgroundLayer:
            return background_layer(self._map("bg", index, picture), self._coding)

        if part is None and not flip:
            return self._backgrounds.get(index, whole)
        values = self._maps.get(index, lambda index: self._map("bg", index, picture))
        return background_layer(values, self._coding, part, flip)

    def object(self, index: int, foreground: Foreground) -> ForegroundLayer:
        """The layer of foreground `index`; distractors come after foregrounds."""

        def make(index: int) -> ForegroundLayer:
            image, mask, box = stand_alone(foreground, self._canvas)
            values = self._map("fg", index, lambda: image)
            return foreground_layer(values, mask, box, self._coding)

        return self._objects.get(index, make)

    def _map(self, role: str, index: int, picture: Callable[[], NDArray[np.uint8]]) -> Map:
        if self._folder is None:
            return self._predict(picture())
        found = _read(self._folder, role, index)
        if found is None:
            found = self._predict(picture())
            body = _HEAD.pack(*found.shape) + found.astype("<f4").tobytes()
            keep(self._folder, role, index, body)
        return found


def layers_folder(out: Path, build: str) -> Path:
    """Where the processes of a build share maps: a folder `out` may still hold another build's.

    The cache folder of an address does, where somebody has deleted an unfinished data set there.
    """
    return out / FOLDER / build[:16]


def forget_maps(out: Path) -> None:
    """Delete the maps of a data set whose shards are all made."""
    shutil.rmtree(out / FOLDER, ignore_errors=True)


def _read(folder: Path, role: str, index: int) -> Map | None:
    """The map that was kept; None where it is missing or damaged."""
    body = read_kept(folder, role, index, _MOST_BYTES)
    if body is None or len(body) < _HEAD.size:
        return None
    height, width = _HEAD.unpack_from(body)
    if not height * width or _HEAD.size + 4 * height * width != len(body):
        return None
    values = np.frombuffer(body, "<f4", offset=_HEAD.size).astype(np.float32)
    return values.reshape(height, width) if np.isfinite(values).all() else None
