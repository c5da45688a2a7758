"""pipeline/planning/philox.py"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.planning.philox import permute, philox, uniforms


@given(st.integers(1, 3000), st.integers(0, 2**63 - 1), st.sampled_from(["train", "val"]))
@settings(max_examples=40)
def test_the_bijection_hits_every_cell_once(size: int, seed: int, split: str) -> None:
    assert sorted(permute(i, size, seed, split) for i in range(size)) == list(range(size))


@given(st.integers(1, 10**15), st.data())
def test_the_bijection_stays_within_huge_plans(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    assert 0 <= permute(index, size, 7, "train") < size


def test_seeds_and_splits_give_other_orders() -> None:
    orders = {
        tuple(permute(i, 500, seed, split) for i in range(500))
        for seed in range(4)
        for split in ("train", "val")
    }
    assert len(orders) == 8


def test_neighbours_land_far_apart() -> None:
    cells = np.array([permute(i, 100_000, 0, "train") for i in range(4000)])
    assert abs(np.corrcoef(cells[:-1], cells[1:])[0, 1]) < 0.05
    counts = np.histogram(cells, bins=10, range=(0, 100_000))[0]
    assert counts.min() > 330


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_philox_is_the_one_that_numpy_has(seed: int, stage: int, position: int) -> None:
    generator = np.random.Philox(key=(seed, stage), counter=(0, position, 1, 0))
    expected = generator.random_raw(4).tolist()  # numpy counts up before its first block
    assert list(philox((1, position, 1, 0), (seed, stage))) == expected


def test_uniforms_fill_the_unit_interval() -> None:
    draws = np.array([uniforms((1, p, 0, 0), (3, 1)) for p in range(2000)])
    assert draws.min() >= 0
    assert draws.max() < 1
    assert draws.mean(0) == pytest.approx([0.5] * 4, abs=0.03)
    assert abs(np.corrcoef(draws.T)[0, 1]) < 0.06


def test_draws_are_fixed() -> None:
    assert uniforms((1, 0, 0, 0), (0, 1))[:3] == GOLDEN_UNIFORMS
    assert [permute(i, 1000, 0, "train") for i in range(8)] == GOLDEN_CELLS
    assert [permute(i, 10**12, 5, "val") for i in range(3)] == GOLDEN_HUGE_CELLS


GOLDEN_UNIFORMS: list[float] = [0.8133540609793564, 0.7513314251083365, 0.6716490436969984]
GOLDEN_CELLS: list[int] = [52, 458, 660, 913, 374, 855, 601, 143]
GOLDEN_HUGE_CELLS: list[int] = [135370694645, 296880739557, 843798949311]
