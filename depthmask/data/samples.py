"""What training and scoring need from samples, wherever these come from."""

from typing import Any, Protocol

from shards.base.size import Size
from shards.pixels.depth_coding import DepthCoding
from shards.reading.sample import Sample


class Samples(Protocol):
    """Some samples by position, their size and depth, and the moments of their splits."""

    @property
    def size(self) -> Size:
        """The (width, height) of the pictures in pixels."""

    @property
    def depth(self) -> DepthCoding | None:
        """What depth codes mean; None without depth."""

    @property
    def stats(self) -> dict[str, Any]:
        """Mean and std, as in dataset.json."""

    def split(self, name: str) -> "Samples":
        """The samples of "train", "val" or "test"."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> Sample: ...
