"""shards/base/names.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shards.base.names import printable, stays_below


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.png", "plain name.png"),
        ("пёс-犬-🐶", "пёс-犬-🐶"),
        ("two\nlines", r"two\nlines"),
        ("\x1b[31m", r"\x1b[31m"),
        ("\udcff", r"\udcff"),
        ("a\u202eb", r"a\u202eb"),
        ("no\u00a0break", "no\u00a0break"),
    ],
)
def test_names_are_shown_without_what_troubles_a_terminal(name: str, shown: str) -> None:
    assert printable(name) == shown


@given(st.text(st.characters()))
def test_what_is_shown_can_be_sent_and_is_one_line(name: str) -> None:
    shown = printable(name)
    shown.encode("utf-8")
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


@pytest.mark.parametrize("name", ["a.png", "a/b c.png", "-x", "..a", "a\\b", "\udcff.png"])
def test_paths_below_a_folder_stay_below(name: str) -> None:
    assert stays_below(name)


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a/./b", "a//b", "a/", "\0", "\ud800"]
)
def test_other_paths_do_not(name: str) -> None:
    assert not stays_below(name)
