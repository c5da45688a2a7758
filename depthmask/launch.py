"""How a process was started: alone, or as one of the ranks of a training under torchrun. No torch.

torchrun tells each process by environment variables; other launchers that set RANK, WORLD_SIZE,
MASTER_ADDR and MASTER_PORT do as well.
"""

import os
from collections.abc import Mapping
from typing import NamedTuple

from shards.errors import InputError


class Place(NamedTuple):
    """Rank `rank` of `ranks`, the `local_rank`th of `local_ranks` on its machine.

    `restarts` says how often all of them were started again.
    """

    rank: int = 0
    ranks: int = 1
    local_rank: int = 0
    local_ranks: int = 1
    restarts: int = 0


ALONE = Place()
_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RESTART_COUNT")


def find_place(environment: Mapping[str, str] = os.environ) -> Place:
    """The place that the environment names; ALONE where it names none. InputError for nonsense."""
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return ALONE
    texts = {
        name: environment.get(name, str(default))
        for name, default in zip(_VARIABLES, ALONE, strict=True)
    }
    if not all(text.isdecimal() for text in texts.values()):
        raise _refuse(texts)
    place = Place(*map(int, texts.values()))
    if not (place.rank < place.ranks and place.local_rank < place.local_ranks <= place.ranks):
        raise _refuse(texts)
    return place


def _refuse(texts: dict[str, str]) -> InputError:
    return InputError(
        ", ".join(texts),
        expected="the variables that torchrun sets: ranks from 0 up to how many there are",
        found=", ".join(texts.values()),
        remedy="start with torchrun, or unset RANK and WORLD_SIZE",
    )
