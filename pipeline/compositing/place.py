"""The placement rule: where a foreground stands on the canvas, and how large."""

from pipeline.planning.plan import Scene
from shards.base.size import Size

Box = tuple[int, int, int, int]
"""x, y, width, height in pixels of the canvas."""


def place(scene: Scene, size: Size, canvas: Size, scales: tuple[float, float]) -> Box:
    """Where a foreground of `size` (width, height) stands on the canvas, wholly inside.

    Its longest side becomes a uniform share, from `scales`, of the canvas' shorter one; each side
    has at least one pixel; every position is equally likely.
    """
    low, high = scales
    longest = max(1, int((low + scene.scale * (high - low)) * min(canvas) + 0.5))
    width, height = (max(1, int(side * longest / max(size) + 0.5)) for side in size)
    x = int(scene.x * (canvas[0] - width + 1))
    y = int(scene.y * (canvas[1] - height + 1))
    return x, y, width, height
