"""depthmask/commands/click_types.py: what is typed for numbers, paths and choices"""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from depthmask.commands import data
from depthmask.commands.cli import cli
from depthmask.commands.click_types import read_count
from depthmask.commands.training import train
from shards.base.errors import InputError


@pytest.mark.parametrize(
    ("word", "number"),
    [
        ("400", 400), ("10k", 10_000), ("10K", 10_000), ("1.5M", 1_500_000), ("2m", 2_000_000),
        ("10_000", 10_000), ("1e5", 100_000), ("1.2E3", 1_200), ("1e+2", 100), ("-3", -3),
        ("0.5k", 500), (str(2**63 - 1), 2**63 - 1), ("1e30", 10**30), ("7.0", 7),
    ],
)  # fmt: skip
def test_counts_may_be_written_short(word: str, number: int) -> None:
    assert read_count(word) == number


@pytest.mark.parametrize(
    "word", ["", "k", "1.5", "1.0005k", "1e-3", "10kB", "10 k", "ten", "nan", "inf", "0x10",
             "1,000", "1e999999999", "9" * 5000, "_1", "１２", "--", "1e400"]
)  # fmt: skip
def test_what_cannot_be_a_count_is_none(word: str) -> None:
    assert read_count(word) is None


def test_a_size_of_two_sides_where_one_is_wanted_gets_the_remedy() -> None:
    with click.Context(train) as context, pytest.raises(InputError) as refusal:
        train.parse_args(context, ["--shards", "a", "--size", "320x240"])
    assert str(refusal.value) == (
        "--size: expected a whole number, found '320x240'; give one number, the shorter side"
    )


def test_help_says_how_a_size_is_typed() -> None:
    words = CliRunner().invoke(cli, ["build-dataset", "--help"]).output
    assert "--size WIDTHxHEIGHT" in words


def options_of(*words: str) -> dict[str, object]:
    with click.Context(data.build_dataset) as context:
        data.build_dataset.parse_args(context, ["--fg", "a", "--bg", "b", *words])
    return context.params


def test_the_command_takes_counts_and_home_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    given = options_of("--samples", "10k", "--fg=~/cars", "--out=~", "--depth-input", "1e2", "64")
    assert given["samples"] == 10_000
    assert given["fg"] == Path("/home/me/cars")
    assert given["out"] == Path("/home/me")
    assert given["depth_input"] == (100, 64)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--samples", "10kB"], "--samples: expected a whole number, found '10kB'; write it as"),
        (["--samples", "1.5"], "--samples: expected a whole number, found '1.5'"),
        (["--val-fraction", "10%"], "--val-fraction: expected a number, found '10%'"),
        (["--val-fraction", "nan"], "--val-fraction: expected a number, found nan"),
        (["--format", "TAR"], "--format: expected tar or lmdb, found 'TAR'; did you mean tar?"),
        (["--fg", ""], "--fg: expected a path, found ''"),
    ],
)
def test_what_a_word_cannot_be_is_said_as_in_python(words: list[str], sentence: str) -> None:
    with pytest.raises(InputError) as caught:
        options_of(*words)
    assert str(caught.value).startswith(sentence)


def test_an_argument_is_named_as_the_help_names_it() -> None:
    words = ["render", "shards", "best", "0", "--out", "x"]
    found = CliRunner().invoke(cli, words).exception
    assert str(found).startswith("SPLIT: expected one of train, val, test, found 'best'")


def test_a_file_of_config_may_name_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "own.toml").write_text('bg = "~/scenes"\nfg_scale = [0.5, 1]\n')
    with click.Context(data.build_dataset) as context:
        words = ["--fg", "a", "--config", str(tmp_path / "own.toml")]
        data.build_dataset.parse_args(context, words)
    assert context.params["bg"] == tmp_path / "scenes"
    assert context.params["fg_scale"] == (0.5, 1.0)


@pytest.mark.parametrize("command", ["build-dataset --fg ", "stats ", "predict best.pt --image "])
def test_shells_complete_paths(command: str) -> None:
    words = {"_DEPTHMASK_COMPLETE": "bash_complete", "COMP_WORDS": f"depthmask {command}"}
    place = {"COMP_CWORD": str(len(command.split()) + 1)}
    result = CliRunner().invoke(cli, prog_name="depthmask", env=words | place)
    assert result.output == "file,\n"
