"""What is worked out once of an array that many samples share, as backgrounds are."""

import weakref
from collections.abc import Callable
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Found = TypeVar("Found")


class OncePerArray(Generic[Found]):
    """A function of uint8 arrays that is worked out once for each, and kept as long as that lives.

    Arrays are known by identity: nobody may write to them, and no result may be one of them, which
    would live for ever. It may be called from several threads.
    """

    def __init__(self, function: Callable[[NDArray[np.uint8]], Found]) -> None:
        self._function = function
        self._known: dict[int, tuple[weakref.ref[NDArray[np.uint8]], Found]] = {}

    def __call__(self, pixels: NDArray[np.uint8]) -> Found:
        """What the function gives for `pixels`."""
        key = id(pixels)
        known = self._known.get(key)
        if known is not None and known[0]() is pixels:
            return known[1]
        found = self._function(pixels)
        self._known[key] = weakref.ref(pixels, lambda gone: self._forget(key, gone)), found
        return found

    def _forget(self, key: int, gone: "weakref.ref[NDArray[np.uint8]]") -> None:
        known = self._known.get(key)
        if known is not None and known[0] is gone:  # another array may have its place by now
            del self._known[key]
