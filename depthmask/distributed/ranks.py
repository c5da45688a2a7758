"""The processes of one training: who this one is among them, and what they exchange."""

import dataclasses
import datetime
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from depthmask.distributed.launch import ProcessRank
from depthmask.distributed.rounds import meet
from depthmask.models.device import choose_device
from shards.base.errors import InputError, RunError

Found = TypeVar("Found")

_PATIENCE = datetime.timedelta(minutes=30)
"""How long a rank is waited for: the first of them may write checkpoints and pictures."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class Ranks:
    """Rank `rank` of `count`, which all do the same at the same time; alone without a `group`.

    `local_ranks` of them are on this machine.
    """

    rank: int = 0
    count: int = 1
    local_ranks: int = 1
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
                remedy="last.pt is kept: restart all of them with --resume, or let "
                "torchrun do so (--max-restarts)",
            ) from None


def device_of_rank(name: str, place: ProcessRank) -> torch.device:
    """The device of --device for one of several ranks: with GPUs each has its own.

    Where it is not known yet which, InputError for a name that will not do is all.
    """
    device = choose_device(name)
    if place.ranks == 1 or device.type != "cuda":
        return device
    if device.index is not None:
        raise InputError(
            f"--device {name}",
            expected="auto, cuda or cpu where there are several ranks: each takes its own GPU",
            found=f"{place.ranks} ranks",
            remedy="remove --device; CUDA_VISIBLE_DEVICES says which GPUs there are",
        )
    if place.local_rank is None:
        return device
    device = choose_device(f"cuda:{place.local_rank}")
    torch.cuda.set_device(device)
    return device


@contextmanager
def join_ranks(place: ProcessRank, device: str) -> Iterator[Ranks]:
    """The ranks of a training, when all of them are there; alone where there is one.

    `device` is that of --device. They talk through NCCL between GPUs, else through gloo. A signal
    that comes while they wait for each other does at once what it does elsewhere.
    """
    if place.ranks == 1:
        yield Ranks(device=device_of_rank(device, place))
        return
    with _all_there(place):
        ranks = _beside(lambda: _join(place, device))
    try:
        yield ranks
    finally:
        dist.destroy_process_group()


def _join(place: ProcessRank, device: str) -> Ranks:
    store, rank, count = next(rendezvous("env://", timeout=_PATIENCE))
    store = dist.PrefixStore("depthmask", store)  # type: ignore[attr-defined]
    together = meet(store, rank, count, _name_of_machine(), _PATIENCE)
    place = place.among(together.hosts)
    chosen = device_of_rank(device, place)
    dist.init_process_group(
        "nccl" if chosen.type == "cuda" else "gloo",
        store=dist.PrefixStore(together.name, store),  # type: ignore[attr-defined]
        rank=rank,
        world_size=count,
        timeout=_PATIENCE,
    )
    return Ranks(
        rank=rank,
        count=count,
        local_ranks=place.local_ranks or 1,
        device=chosen,
        group=dist.group.WORLD,
    )


def _name_of_machine() -> str:
    """Its host name, and its boot's: machines of a cluster may all be called the same."""
    boot = Path("/proc/sys/kernel/random/boot_id")
    return f"{socket.gethostname()} {boot.read_text().strip() if boot.exists() else ''}"


def _beside(work: Callable[[], Found]) -> Found:
    """What `work` gives, which another thread does.

    Python acts on signals in its first thread, between two steps of its own: not while torch waits.
    """
    future: Future[Found] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # handed to who waits
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future.result()


@contextmanager
def _all_there(place: ProcessRank) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except (RuntimeError, ValueError, TimeoutError) as error:
        raise RunError(
            f"rank {place.rank} of {place.ranks}",
            expected="to find the other ranks",
            found=str(error).partition("\n")[0],
            remedy="start with torchrun, and see that --rdzv-endpoint can be reached",
        ) from None
