"""pipeline/machine/threads.py, and what it is for: depth does not depend on how many threads
there are
"""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from small import small_options

from pipeline.build import build_dataset
from pipeline.machine.threads import one_thread, start_thread


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def test_torch_has_one_thread_within_and_its_own_number_after() -> None:
    with one_thread():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 2
    with pytest.raises(KeyError), one_thread():
        raise KeyError
    assert torch.get_num_threads() == 2


def test_work_beside_has_its_cores_and_leaves_the_caller_its_own() -> None:
    seen: list[int] = []
    start_thread(lambda: seen.append(torch.get_num_threads()), 1).join()
    assert seen == [1]
    assert torch.get_num_threads() == 2
    later: list[int] = []
    other = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert later == [2]


def test_depth_is_the_same_on_one_thread_and_on_two(sources: Path, tmp_path: Path) -> None:
    changes = {"samples": 16, "size": 128, "depth_model": "densedepth-lite"}
    two = build_dataset(small_options(sources, tmp_path / "two", **changes))
    torch.set_num_threads(1)
    one = build_dataset(small_options(sources, tmp_path / "one", **changes))
    assert one.digest == two.digest


@pytest.mark.slow
def test_depth_is_the_same_in_this_process_and_in_workers(sources: Path, tmp_path: Path) -> None:
    changes = {"samples": 48, "size": 128, "depth_model": "densedepth-lite"}
    here = build_dataset(small_options(sources, tmp_path / "here", **changes))
    workers = build_dataset(small_options(sources, tmp_path / "workers", workers=2, **changes))
    assert here.digest == workers.digest
