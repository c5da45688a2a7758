"""depthmask/distributed/launch.py, ranks.py, depthmask/training/step.py: ranks that talk
through gloo, each on a thread
"""

import datetime
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.distributed as dist
from hypothesis import given
from hypothesis import strategies as st
from small import small_options
from tiny_training import CPU, Tiny, begin, drawn, options, weights
from torch import nn

from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.distributed.launch import ALONE, ProcessRank, find_rank
from depthmask.distributed.ranks import Ranks, device_of_rank, join_ranks
from depthmask.inference.evaluation import Scores
from depthmask.losses.metrics import Sums
from depthmask.training.epoch_scores import merge_scores
from depthmask.training.step import take_step
from pipeline.build import build_dataset
from shards.base.errors import InputError, RunError
from shards.reading.open import open_dataset
from shards.reading.order import share_of


def in_ranks(count: int, work: Callable[[Ranks], Any]) -> list[Any]:
    """What `work` gives on each of `count` ranks."""
    store = dist.HashStore()

    def start(rank: int) -> Any:
        group = dist.ProcessGroupGloo(store, rank, count, datetime.timedelta(seconds=60))
        return work(Ranks(rank=rank, count=count, group=group))  # type: ignore[arg-type]

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(start, range(count)))


def part_of(batch: Batch, rank: int, count: int) -> Batch:
    chosen = share_of(np.arange(len(batch.mask)), rank, count)
    return Batch(
        image=batch.image[chosen],
        background=batch.background[chosen],
        mask=batch.mask[chosen],
        depth=batch.depth[chosen],
        depth_known=batch.depth_known[chosen],
        positions=batch.positions[chosen],
    )


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("task_weights", ["mask=1,depth=2", "learnt"])
def test_ranks_take_the_steps_of_one(count: int, task_weights: str) -> None:
    """Seven images on two or three ranks, and depth known of other shares on each."""
    chosen = options(
        optimiser="sgd", lr=0.02, accumulate=2, task_weights=task_weights, precision="float32"
    )
    alone = begin(chosen)
    expected = [take_step(alone, drawn(), chosen, CPU) for _ in range(20)]
    runs = [begin(chosen) for _ in range(count)]

    def work(ranks: Ranks) -> list[dict[str, float]]:
        part = part_of(drawn(), ranks.rank, ranks.count)
        return [take_step(runs[ranks.rank], part, chosen, CPU, ranks) for _ in range(20)]

    found = in_ranks(count, work)
    assert all(each == found[0] for each in found)
    for step, losses in zip(found[0], expected, strict=True):
        assert step == pytest.approx(losses, abs=1e-4)
    assert torch.allclose(weights(runs[0]), weights(alone), atol=1e-5)
    assert all(torch.equal(weights(run), weights(runs[0])) for run in runs)


class Normed(Tiny):
    """The same with a batch norm, which sees a rank's part."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(6, 8, 3, padding=1), nn.BatchNorm2d(8))  # type: ignore[assignment]


def test_after_a_step_all_ranks_hold_the_same_bits() -> None:
    chosen = options()
    runs = []
    for _ in range(2):
        torch.manual_seed(1)
        runs.append(begin(chosen, Normed()))

    def work(ranks: Ranks) -> None:
        for _ in range(3):
            take_step(runs[ranks.rank], part_of(drawn(), ranks.rank, 2), chosen, CPU, ranks)

    in_ranks(2, work)
    for part in ("network", "average"):
        first, second = (getattr(run, part) for run in runs)
        for name, value in first.state_dict().items():
            assert torch.equal(value, second.state_dict()[name]), (part, name)
    assert float(runs[0].network.first[1].running_mean.abs().max()) > 0  # type: ignore[index, union-attr, operator]


def test_three_shards_on_four_ranks_miss_no_sample(sources: Path, tmp_path: Path) -> None:
    build_dataset(small_options(sources, tmp_path / "shards", samples=48, samples_per_shard=12))
    train = open_dataset(tmp_path / "shards").split("train")
    source = DecodedSamples(train, (32, 32), 1)
    assert sum(1 for _ in train.spans()) == 3

    def positions(place: ProcessRank) -> list[list[int]]:
        batches = train_batches(source, seed=5, epoch=2, batch_size=10, place=place)
        return [batch.positions.tolist() for batch in batches]

    of_ranks = [positions(ProcessRank(rank, 4)) for rank in range(4)]
    assert {len(of_rank) for of_rank in of_ranks} == {4}
    joined = [list(chain(*parts)) for parts in zip(*of_ranks, strict=True)]
    assert joined == positions(ALONE)
    assert sorted(set(chain(*joined))) == list(range(36))


def test_numbers_and_plain_data_are_told() -> None:
    assert in_ranks(3, lambda ranks: ranks.add_up([ranks.rank, 0.5])) == [[3, 1.5]] * 3
    alone = Ranks()
    assert alone.add_up([1, 2.5]) == [1, 2.5]
    assert alone.gather("x") == ["x"]
    assert alone.leads


def test_a_rank_that_is_gone_is_told_in_a_sentence() -> None:
    store = dist.HashStore()

    def work(rank: int) -> None:
        group = dist.ProcessGroupGloo(store, rank, 2, datetime.timedelta(seconds=2))
        if rank == 0:
            with pytest.raises(RunError, match=r"rank 0 of 2: expected all ranks.*--resume"):
                Ranks(rank=0, count=2, group=group).add_up([1.0])  # type: ignore[arg-type]

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))


@given(st.integers(1, 9), st.integers(1, 5), st.data())
def test_scores_of_parts_are_those_of_the_whole(
    count: int, ranks: int, data: st.DataObject
) -> None:
    values = data.draw(st.lists(st.integers(0, 99), min_size=count, max_size=count))

    def scores_of(chosen: list[int]) -> Scores:
        scores = Scores(Sums(), Sums(), len(chosen), {})
        for value in chosen:
            scores.mask.add(images=1, iou=value)
            scores.by_foreground.setdefault(f"{value % 3}", []).append(value)
        return scores

    shares = [share_of(np.array(values), rank, ranks).tolist() for rank in range(ranks)]
    assert merge_scores([scores_of(share) for share in shares]) == scores_of(values)


def test_the_place_is_read_from_torchruns_variables() -> None:
    assert find_rank({}) == find_rank({"RANK": "3"}) == ALONE
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "TORCHELASTIC_RESTART_COUNT")
    told = dict(zip(names, "58142", strict=True))
    assert find_rank(told) == ProcessRank(5, 8, 1, 4, 2)
    for name, wrong in (("RANK", "8"), ("LOCAL_RANK", "4"), ("WORLD_SIZE", "two")):
        with pytest.raises(InputError, match="the variables that torchrun sets"):
            find_rank(told | {name: wrong})


def test_ranks_that_are_not_told_who_shares_their_machine_count_by_host() -> None:
    alone = {"RANK": "0", "WORLD_SIZE": "1"}
    assert find_rank(alone) == ALONE
    hosts = ["a", "b", "a", "a", "b"]
    places = [find_rank({"RANK": str(rank), "WORLD_SIZE": "5"}) for rank in range(5)]
    assert {(place.local_rank, place.local_ranks) for place in places} == {(None, None)}
    found = [place.among(hosts) for place in places]
    assert [place.local_rank for place in found] == [0, 0, 1, 2, 1]
    assert [place.local_ranks for place in found] == [3, 2, 3, 3, 2]
    told = find_rank({"RANK": "3", "WORLD_SIZE": "5", "LOCAL_RANK": "0"})
    assert told.among(hosts)[2:4] == (0, 3)
    with pytest.raises(InputError, match="RANK, WORLD_SIZE: expected the variables"):
        find_rank({"RANK": "5", "WORLD_SIZE": "5"})


def test_one_rank_alone_joins_nobody() -> None:
    with join_ranks(ALONE, "cpu") as ranks:
        assert (ranks.count, ranks.leads, ranks.group) == (1, True, None)
    assert device_of_rank("cpu", ProcessRank(1, 2, 1, 2)) == CPU
