"""How a process was started: alone, or as one of the ranks of a training under torchrun. No torch.

torchrun tells each process by environment variables; other launchers that set RANK, WORLD_SIZE,
MASTER_ADDR and MASTER_PORT do as well. Where they do not say which ranks share a machine, the ranks
tell each other.
"""

import os
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from shards.base.errors import InputError


class ProcessRank(NamedTuple):
    """Rank `rank` of `ranks`, the `local_rank`th of `local_ranks` on its machine, if it is known.

    `restarts` says how often the launcher has started this one again: other machines may count
    otherwise.
    """

    rank: int = 0
    ranks: int = 1
    local_rank: int | None = 0
    local_ranks: int | None = 1
    restarts: int = 0

    def among(self, hosts: Sequence[str]) -> "ProcessRank":
        """The place where the host of each rank is known, of which equal ones are one machine."""
        host = hosts[self.rank]
        before, all_told = hosts[: self.rank].count(host), hosts.count(host)
        return self._replace(
            local_rank=before if self.local_rank is None else self.local_rank,
            local_ranks=all_told if self.local_ranks is None else self.local_ranks,
        )

    def require_share_of(self, batch_size: int) -> None:
        """InputError where a batch has fewer samples than there are ranks."""
        if batch_size < self.ranks:
            raise InputError(
                "--batch-size",
                expected=f"at least one sample for each of {self.ranks} ranks",
                found=str(batch_size),
                remedy="make it larger (it is that of all ranks together), or start fewer ranks",
            )


ALONE = ProcessRank()
_VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RESTART_COUNT")


def find_rank(environment: Mapping[str, str] = os.environ) -> ProcessRank:
    """The place that the environment names; ALONE where it names none. InputError for nonsense."""
    if "RANK" not in environment or "WORLD_SIZE" not in environment:
        return ALONE
    told = {name: environment[name] for name in _VARIABLES if name in environment}
    if not all(text.isdecimal() for text in told.values()):
        raise _refuse(told)
    numbers = {name: int(text) for name, text in told.items()}
    ranks = numbers["WORLD_SIZE"]
    untold = (0, 1) if ranks == 1 else (None, None)
    place = ProcessRank(
        rank=numbers["RANK"],
        ranks=ranks,
        local_rank=numbers.get("LOCAL_RANK", untold[0]),
        local_ranks=numbers.get("LOCAL_WORLD_SIZE", untold[1]),
        restarts=numbers.get("TORCHELASTIC_RESTART_COUNT", 0),
    )
    local_ranks = ranks if place.local_ranks is None else place.local_ranks
    if not (place.rank < ranks and (place.local_rank or 0) < local_ranks <= ranks):
        raise _refuse(told)
    return place


def _refuse(told: dict[str, str]) -> InputError:
    return InputError(
        ", ".join(told),
        expected="the variables that torchrun sets: ranks from 0 up to how many there are",
        found=", ".join(told.values()),
        remedy="start with torchrun, or unset RANK and WORLD_SIZE",
    )
