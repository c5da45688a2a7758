"""depthmask/distributed/rounds.py: ranks that find each other in a store where others have
been before
"""

import datetime
import json
import threading
import time
from concurrent.futures import Future

import pytest
import torch.distributed as dist

from depthmask.distributed.rounds import Round, meet

SOON, LONG = datetime.timedelta(seconds=0.4), datetime.timedelta(seconds=30)


def start(
    store: dist.Store, rank: int, ranks: int = 3, patience: datetime.timedelta = LONG
) -> Future[Round]:
    """A rank that begins to look for the others now."""
    future: Future[Round] = Future()

    def run() -> None:
        try:
            future.set_result(meet(store, rank, ranks, f"host {rank // 2}", patience))
        except TimeoutError as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future


def names_of(*futures: Future[Round]) -> set[str]:
    return {future.result(timeout=30).name for future in futures}


@pytest.fixture(params=["within a process", "of torchrun's kind"])
def store(request: pytest.FixtureRequest) -> dist.Store:
    if request.param == "within a process":
        return dist.HashStore()
    return dist.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)


def test_all_ranks_get_one_name_and_all_hosts(store: dist.Store) -> None:
    rounds = [start(store, rank) for rank in (2, 0, 1)]
    assert len(names_of(*rounds)) == 1
    assert all(each.result().hosts == ["host 0", "host 0", "host 1"] for each in rounds)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_each_round_gets_a_name_of_its_own(store: dist.Store, order: tuple[int, ...]) -> None:
    """Whoever comes first finds what the ranks of earlier rounds have left."""
    names: set[str] = set()
    for _ in range(3):
        rounds = []
        for rank in order:
            rounds.append(start(store, rank))
            time.sleep(0.15)
        (name,) = names_of(*rounds)
        names.add(name)
    assert len(names) == 3


def test_a_round_in_which_a_rank_was_killed_is_left_behind(store: dist.Store) -> None:
    """The others wait until they are killed, too; what they have left does not count."""
    for killed in (0, 1, 2):
        lost = [start(store, rank, patience=SOON) for rank in range(3) if rank != killed]
        for each in lost:
            with pytest.raises(TimeoutError, match="no answer from"):
                each.result(timeout=30)
        late = [start(store, rank) for rank in (2, 1)]
        time.sleep(0.2)
        assert len(names_of(start(store, 0), *late)) == 1


def test_a_rank_that_waits_goes_on_with_a_new_rank_0(store: dist.Store) -> None:
    """As with torchrun's static rendezvous, where the other agent does not hear of a restart."""
    waiting = start(store, 1, ranks=2)
    store.set("offer", "of a rank 0 that was killed")
    time.sleep(0.2)
    assert not waiting.done()
    leading = start(store, 0, ranks=2)
    assert len(names_of(waiting, leading)) == 1


def test_a_list_of_ranks_that_are_gone_is_not_believed(store: dist.Store) -> None:
    store.set("offer", "old")
    store.set("old all", json.dumps([["a", "host 0"], ["b", "host 0"]]))
    waiting = start(store, 1, ranks=2)
    time.sleep(0.2)
    assert not waiting.done()
    assert names_of(waiting, start(store, 0, ranks=2)).isdisjoint({"old"})


def test_who_does_not_come_is_named_when_patience_is_over(store: dist.Store) -> None:
    cases: list[tuple[int, str]] = [(0, "no answer from 2 others"), (1, "no answer from rank 0")]
    for rank, said in cases:
        with pytest.raises(TimeoutError, match=said):
            start(store, rank, patience=SOON).result(timeout=30)
