"""pipeline/machine/guarded_child.py: answers, and what a child may die of"""

import os
from collections.abc import Iterator

import pytest

from pipeline.machine.guarded_child import ChildDeathError, GuardedChild

MEMORY = 100_000_000


@pytest.fixture
def child() -> Iterator[GuardedChild]:
    """A child that does as it is told, and is ended."""
    started = GuardedChild("answering_child")
    yield started
    started.end()


def test_a_child_gives_one_answer_after_the_other(child: GuardedChild) -> None:
    for data in (b"", b"a", os.urandom(5_000_000)):
        assert child.ask(data, memory=MEMORY, seconds=5) == data


@pytest.mark.parametrize(
    ("data", "death"),
    [
        (b"loop", "it took over 0 seconds"),
        (b"swell", "it took over .* MB"),
        (b"die", "status 3"),
        (b"no memory", "status 1"),
    ],
)
def test_it_says_what_it_died_of(data: bytes, death: str, child: GuardedChild) -> None:
    assert child.ask(b"a", memory=MEMORY, seconds=5) == b"a"
    with pytest.raises(ChildDeathError, match=death):
        child.ask(data, memory=MEMORY, seconds=0)


def test_it_ends_with_its_parent() -> None:
    child = GuardedChild("answering_child")
    assert child.ask(b"a", memory=MEMORY, seconds=5) == b"a"
    os.close(child._given)  # as the system does when the parent is killed
    assert child._process.wait(timeout=10) == 0
    os.close(child._answers)
