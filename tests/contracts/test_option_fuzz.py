"""Any words on the command line: a sentence and nothing written, never a traceback"""

import contextlib
import io
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from depthmask.commands.cli import cli
from shards.base.errors import InputError, RunError
from shards.base.names import printable

COMMANDS = {
    "build-dataset": ["--fg", "nowhere", "--bg", "nowhere"],
    "stats": ["nowhere"],
    "verify": ["nowhere"],
    "convert": ["nowhere", "there"],
    "render": ["nowhere", "train", "0", "--out", "there"],
    "report": ["nowhere"],
    "train": ["--shards", "nowhere"],
    "evaluate": ["nowhere", "--shards", "nowhere"],
    "predict": ["nowhere", "--image", "nowhere", "--background", "nowhere"],
}
"""Each command with what it needs, none of which is there."""

ODD = ("", "-1", "0", "1", "7", "1e400", "nan", "inf", "-0.0", "1e-9", "99999999999999999999",
       "0x10", "１２", "none", "auto", "cuda", "cuda:99", "cpu:", "0/0", "3/2", "1/3", "slurm",
       "tar", "lmdb", "folders", "..", "/", "-", "--", "~", "s3://", "s3:///x", "s3://b/../x",
       "file:///etc", "http://[::1", "x" * 300, "a/" * 3000, "\udcff", "two\nlines", "\x1b[2J",
       "$(id)", "%s%n", "{0}", "true", "densedepth-lite", "hf:", ".onnx", "x.onnx")  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(ODD),
    st.integers(-(10**6), 10**6).map(str),
    st.floats().map(str),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12),
)


def arguments_of(command: str) -> st.SearchStrategy[list[str]]:
    """Some of a command's options with some words for them."""
    context = click.Context(cli)
    found = cli.get_command(context, command)
    assert found is not None
    options = [p for p in found.params if isinstance(p, click.Option)]

    def with_words(option: click.Option) -> st.SearchStrategy[list[str]]:
        flag = st.sampled_from([*option.opts, *option.secondary_opts])
        if option.is_flag:
            return flag.map(lambda name: [name])
        words = st.lists(WORDS, min_size=option.nargs, max_size=option.nargs)
        return st.tuples(flag, words).map(lambda drawn: [drawn[0], *drawn[1]])

    chosen = st.lists(st.sampled_from(options).flatmap(with_words), max_size=4)
    return chosen.map(lambda parts: [word for part in parts for word in part])


@pytest.mark.parametrize("command", COMMANDS)
@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_words_end_in_a_sentence(
    command: str, data: st.DataObject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = data.draw(arguments_of(command))
    failure: Any = None
    with contextlib.redirect_stderr(io.StringIO()):
        try:
            cli.main([command, *words, *COMMANDS[command]], "depthmask", standalone_mode=False)
        except (click.ClickException, InputError, RunError) as error:
            failure = error
    assert failure is not None
    assert list(tmp_path.iterdir()) == []
    if not isinstance(failure, click.ClickException):
        assert len(str(failure).splitlines()) == 1
        assert printable(str(failure)) == str(failure)
