"""How ranks find each other in a store that may outlive them.

torchrun starts all ranks again when one is lost, and its store stays as it was. Nothing that it
tells them then is both new and the same for all: the store's port stays, and each agent counts
restarts by itself, one that only followed another's not at all. So a name for the round is made
here, in an exchange that what earlier ranks have left behind cannot spoil.
"""

import json
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from torch.distributed import Store  # type: ignore[attr-defined]

_PAUSE = 0.05
"""Seconds between two looks into the store."""


class Round(NamedTuple):
    """All ranks at work together: a name that no earlier ones had, and each rank's host."""

    name: str
    hosts: list[str]


def meet(store: Store, rank: int, ranks: int, host: str, patience: timedelta) -> Round:
    """The round that rank `rank` of `ranks` takes part in; TimeoutError where some do not come.

    Rank 0 makes up the round's name and offers it; the others answer under that name, each with
    one that it has made up for itself; rank 0 tells under the round's name who has answered. An
    offer that was left behind gets no such list with the names of ranks that live now, so these
    look on until there is another one.
    """
    own = uuid.uuid4().hex
    latest = time.monotonic() + patience.total_seconds()
    if rank == 0:
        return _lead(store, own, ranks, host, latest)
    return _follow(store, own, rank, host, latest)


def _lead(store: Store, own: str, ranks: int, host: str, latest: float) -> Round:
    store.set("offer", own)
    answers = [_answer(own, rank) for rank in range(1, ranks)]
    _wait(lambda: store.check(answers), latest, f"{ranks - 1} others")
    there = [[own, host], *(json.loads(store.get(answer)) for answer in answers)]
    store.set(_list(own), json.dumps(there))
    return Round(own, [host for _, host in there])


def _follow(store: Store, own: str, rank: int, host: str, latest: float) -> Round:
    _wait(lambda: store.check(["offer"]), latest, "rank 0")
    answered, there = "", [["", ""]] * (rank + 1)

    def named() -> bool:
        nonlocal answered, there
        offer = store.get("offer").decode()
        if offer != answered:
            store.set(_answer(offer, rank), json.dumps([own, host]))
            answered = offer
        if not store.check([_list(offer)]):
            return False
        there = json.loads(store.get(_list(offer)))
        return bool(there[rank][0] == own)

    _wait(named, latest, "rank 0")
    return Round(answered, [host for _, host in there])


def _answer(offer: str, rank: int) -> str:
    return f"{offer} {rank}"


def _list(offer: str) -> str:
    return f"{offer} all"


def _wait(done: Callable[[], bool], latest: float, whom: str) -> None:
    while not done():
        if time.monotonic() > latest:
            raise TimeoutError(f"no answer from {whom}")
        time.sleep(_PAUSE)
