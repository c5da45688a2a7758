"""The placement rule: how large an object becomes on the canvas, and where it stands."""

from shards.base.size import Size

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the canvas."""


def scaled_size(size: Size, draw: float, canvas: Size, scales: tuple[float, float]) -> Size:
    """What a picture of `size` becomes on the canvas: its proportions, each side at least 1.

    Its longest side becomes a uniform share of the canvas's shorter one, from `scales`.
    """
    low, high = scales
    longest = max(1, int((low + draw * (high - low)) * min(canvas) + 0.5))
    (width, height), among = size, max(size)
    return max(1, int(width * longest / among + 0.5)), max(1, int(height * longest / among + 0.5))


def whole_position(size: Size, draws: tuple[float, float], canvas: Size) -> tuple[int, int]:
    """Where something of `size` stands wholly on the canvas; every position is equally likely."""
    x, y = draws
    return int(x * (canvas[0] - size[0] + 1)), int(y * (canvas[1] - size[1] + 1))
