"""shards/base/errors.py"""

import pickle

import pytest

from shards.base.errors import InputError, RunError


@pytest.mark.parametrize("kind", [InputError, RunError])
def test_a_sentence_survives_the_way_from_a_worker_to_its_parent(
    kind: type[InputError] | type[RunError],
) -> None:
    error = kind("--size", expected="16 to 4096", found="7", remedy="choose a value within")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert str(again) == "--size: expected 16 to 4096, found 7; choose a value within"
