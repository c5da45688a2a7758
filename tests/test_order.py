"""shards/order.py"""

from hypothesis import given
from hypothesis import strategies as st

from shards.order import epoch_order


@given(st.integers(1, 500), st.integers(0, 2**63 - 1), st.integers(0, 1000))
def test_an_epoch_visits_every_position_once(count: int, seed: int, epoch: int) -> None:
    assert sorted(epoch_order(count, seed, epoch).tolist()) == list(range(count))


def test_seeds_and_epochs_do_not_collide() -> None:
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


def test_the_order_is_fixed() -> None:
    assert epoch_order(8, 0, 0).tolist() == epoch_order(8, 0, 0).tolist() == GOLDEN_ORDER


GOLDEN_ORDER = [6, 7, 2, 1, 3, 5, 0, 4]
