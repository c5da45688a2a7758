"""shards/records/layout.py"""

import pytest

from shards.base.errors import InputError
from shards.records.layout import lay_out


def test_shards_cover_every_sample_once() -> None:
    tasks = lay_out({"background": 5, "val": 0, "train": 9}, 4, "tar")
    assert [(task.name, task.first, task.samples) for task in tasks] == [
        ("background-000000.tar", 0, 4),
        ("background-000001.tar", 4, 1),
        ("train-000000.tar", 0, 4),
        ("train-000001.tar", 4, 4),
        ("train-000002.tar", 8, 1),
    ]


def test_more_shards_than_names_are_refused_before_any_is_listed() -> None:
    with pytest.raises(InputError, match=r"found 999,999,999; give at least 1,000"):
        lay_out({"background": 5, "train": 999_999_999}, 1, "tar")
