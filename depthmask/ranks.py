"""The processes of one training: who this one is among them, and what they tell each other."""

import dataclasses
import datetime
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from depthmask.device import choose_device
from depthmask.launch import Place
from shards.errors import InputError, RunError

_PATIENCE = datetime.timedelta(minutes=30)
"""How long a rank is waited for: the first of them may write checkpoints and pictures."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ranks:
    """Rank `rank` of `count`, which all do the same at the same time; alone without a `group`."""

    rank: int = 0
    count: int = 1
    device: torch.device = dataclasses.field(default_factory=lambda: torch.device("cpu"))
    group: dist.ProcessGroup | None = None

    @property
    def leads(self) -> bool:
        """Whether this one writes files and speaks to people."""
        return self.rank == 0

    def add_up(self, numbers: Sequence[float]) -> list[float]:
        """Each number's sum over all ranks."""
        if self.group is None:
            return list(numbers)
        sums = torch.tensor(numbers, dtype=torch.float64, device=self.device)
        self.add_up_in_place(sums)
        found: list[float] = sums.tolist()
        return found

    def add_up_in_place(self, tensor: torch.Tensor) -> None:
        """Replace a contiguous tensor by its sum over all ranks: the same bits on each of them."""
        if self.group is not None:
            with self._no_rank_lost():
                self.group.allreduce([tensor]).wait()

    def gather(self, value: Any) -> list[Any]:
        """What every rank has given, in their order: plain data."""
        if self.group is None:
            return [value]
        values: list[Any] = [None] * self.count
        with self._no_rank_lost():
            dist.all_gather_object(values, value, group=self.group)
        return values

    @contextmanager
    def _no_rank_lost(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:  # gloo's, NCCL's and the store's own are RuntimeErrors
            raise RunError(
                f"rank {self.rank} of {self.count}",
                expected="all ranks at work",
                found=str(error).partition("\n")[0],
                remedy="last.pt is kept: start all of them again with --resume, or let "
                "torchrun do so (--max-restarts)",
            ) from None


def device_of_rank(name: str, place: Place) -> torch.device:
    """The device of --device for one of several ranks: with GPUs each has its own."""
    device = choose_device(name)
    if place.ranks == 1 or device.type != "cuda":
        return device
    if device.index is not None:
        raise InputError(
            f"--device {name}",
            expected="auto, cuda or cpu where there are several ranks: each takes its own GPU",
            found=f"{place.ranks} ranks",
            remedy="leave --device away; CUDA_VISIBLE_DEVICES says which GPUs there are",
        )
    device = choose_device(f"cuda:{place.local_rank}")
    torch.cuda.set_device(device)
    return device


@contextmanager
def join_ranks(place: Place, device: torch.device) -> Iterator[Ranks]:
    """The ranks of a training, when all of them are there; alone where there is one.

    Talks through NCCL between GPUs, else through gloo. Names in torchrun's store begin with the
    number of restarts: its static rendezvous keeps the store, and a restarted rank would find
    addresses of processes that are dead.
    """
    if place.ranks == 1:
        yield Ranks(device=device)
        return
    with _all_there(place):
        store, rank, count = next(rendezvous("env://", timeout=_PATIENCE))
        dist.init_process_group(
            "nccl" if device.type == "cuda" else "gloo",
            store=dist.PrefixStore(f"depthmask {place.restarts}", store),  # type: ignore[attr-defined]
            rank=rank,
            world_size=count,
            timeout=_PATIENCE,
        )
    try:
        yield Ranks(rank=rank, count=count, device=device, group=dist.group.WORLD)
    finally:
        dist.destroy_process_group()


@contextmanager
def _all_there(place: Place) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:
        raise RunError(
            f"rank {place.rank} of {place.ranks}",
            expected="to find the other ranks",
            found=str(error).partition("\n")[0],
            remedy="start with torchrun, and see that --rdzv-endpoint can be reached",
        ) from None
