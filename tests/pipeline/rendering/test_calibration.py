"""pipeline/rendering/calibration.py: the range of a teacher that declares none"""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import small_options

from pipeline.rendering.calibration import range_of
from pipeline.rendering.preparation import plan_build
from pipeline.rendering.watcher import SilentWatcher
from shards.base.errors import InputError


def test_the_range_is_that_of_the_percentiles_a_quarter_wider_in_three_digits() -> None:
    ramp = np.linspace(0, 1000, 100_001, dtype=np.float32).reshape(1, 1, -1)[:, :, :256]
    maps = [np.linspace(10, 20, 65_536, dtype=np.float32).reshape(1, 256, 256)]
    # 0.1 and 99.9 %: 10.01 and 19.99; an eighth of 9.98 more at each end: 8.7625 and 21.2375
    assert range_of(maps) == (8.76, 21.3)
    assert range_of([-maps[0]]) == (-21.3, -8.76)
    assert range_of([ramp])[0] < 0


@given(
    low=st.floats(-1e6, 1e6),
    span=st.floats(1e-3, 1e6),
    seed=st.integers(0, 99),
)
def test_a_range_holds_nearly_all_values_and_is_not_much_wider(
    low: float, span: float, seed: int
) -> None:
    values = (low + span * np.random.default_rng(seed).random((1, 40, 50))).astype(np.float32)
    if np.ptp(values) < span / 2:
        return  # float32 has no room for the span beside so large a value
    found_low, found_high = range_of([values])
    assert np.mean((values < found_low) | (values > found_high)) <= 0.004
    digits = 0.011 * max(abs(low), abs(low + span), span)
    assert found_high - found_low <= 1.26 * span + 2 * digits
    assert (found_low, found_high) == (float(f"{found_low:.3g}"), float(f"{found_high:.3g}"))


def test_equal_values_everywhere_have_no_range() -> None:
    with pytest.raises(InputError, match="values differ, found 3 everywhere"):
        range_of([np.full((2, 8, 8), 3, np.float32)])


def test_nothing_is_written_while_a_build_is_planned(sources: Path, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("pymatting")
    from onnx_files import convolution

    model = tmp_path / "m.onnx"
    convolution(model, shape=("b", 3, 64, 64), settings={"kind": "inverse"})
    options = small_options(
        sources, tmp_path / "out", depth_model=str(model), decontaminate=True, samples=4
    )
    plan, _ = plan_build(options, SilentWatcher())
    assert plan.depth is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json", "m.onnx"]
