"""A least-recently-used cache bounded by bytes, so a worker's memory does not grow."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class ByteCache(Generic[Key, Value]):
    """Keeps the values used last, up to `limit` bytes as `weigh` counts them."""

    def __init__(self, limit: int, weigh: Callable[[Value], int]) -> None:
        self._limit, self._weigh = limit, weigh
        self._values: OrderedDict[Key, Value] = OrderedDict()
        self._bytes = 0

    def get(self, key: Key, make: Callable[[Key], Value]) -> Value:
        """The value of `key`, made by `make(key)` when it is not kept."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key]
        value = make(key)
        self._values[key] = value
        self._bytes += self._weigh(value)
        while self._bytes > self._limit and len(self._values) > 1:
            _, dropped = self._values.popitem(last=False)
            self._bytes -= self._weigh(dropped)
        return value
