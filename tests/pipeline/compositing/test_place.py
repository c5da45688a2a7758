"""pipeline/compositing/place.py"""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.compositing.place import scaled_size, whole_position

units = st.floats(0, 1, exclude_max=True)
sides = st.integers(16, 512)


@given(units, units, units, st.integers(1, 2000), st.integers(1, 2000), sides, sides, units)
def test_boxes_lie_wholly_inside(
    scale: float, x: float, y: float, width: int, height: int, wide: int, high: int, low: float
) -> None:
    low = max(low, 0.01)
    w, h = scaled_size((width, height), scale, (wide, high), (low, 1.0))
    left, top = whole_position((w, h), (x, y), (wide, high))
    assert left >= 0
    assert top >= 0
    assert left + w <= wide
    assert top + h <= high
    assert min(w, h) >= 1
    assert max(w, h) == max(1, int((low + scale * (1 - low)) * min(wide, high) + 0.5))
