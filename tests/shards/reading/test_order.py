"""shards/reading/order.py"""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shards.reading.order import batch_at, batches_of, epoch_order, share_of


@given(st.integers(1, 500), st.integers(0, 2**63 - 1), st.integers(0, 1000))
def test_an_epoch_visits_every_position_once(count: int, seed: int, epoch: int) -> None:
    assert sorted(epoch_order(count, seed, epoch).tolist()) == list(range(count))


def test_seeds_and_epochs_do_not_collide() -> None:
    orders = {tuple(epoch_order(50, seed, epoch)) for seed in range(5) for epoch in range(5)}
    assert len(orders) == 25


@given(st.integers(1, 200), st.integers(1, 40), st.data())
def test_an_epochs_batches_are_full_and_miss_no_sample(
    count: int, batch_size: int, data: st.DataObject
) -> None:
    order = epoch_order(count, 3, 1)
    batches = [batch_at(order, begin, batch_size) for begin in range(0, len(order), batch_size)]
    assert len(batches) == batches_of(count, batch_size)
    assert {len(batch) for batch in batches} == {batch_size}
    assert np.concatenate(batches)[:count].tolist() == order.tolist()
    ranks = data.draw(st.integers(1, batch_size))
    for batch in batches:
        shares = [share_of(batch, rank, ranks) for rank in range(ranks)]
        assert np.concatenate(shares).tolist() == batch.tolist()
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
        assert min(map(len, shares)) > 0


def test_the_order_is_fixed() -> None:
    assert epoch_order(8, 0, 0).tolist() == epoch_order(8, 0, 0).tolist() == GOLDEN_ORDER


GOLDEN_ORDER = [6, 7, 2, 1, 3, 5, 0, 4]
