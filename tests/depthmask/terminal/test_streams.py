"""depthmask/terminal/streams.py: every command with stdout or stderr closed, broken or full"""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
from small import files_of

from depthmask.commands.cli import cli
from pipeline.build import BuildResult

SHELL = "/bin/bash"


def typed(line: str, *arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
    """A line of the shell in which `CMD` is the command with these arguments."""
    command = shlex.join([sys.executable, "-m", "depthmask", *(str(part) for part in arguments)])
    script = "set -o pipefail; " + line.replace("CMD", command)
    environment = os.environ | more
    return subprocess.run(
        [SHELL, "-c", script], capture_output=True, text=True, timeout=120, env=environment
    )


def short_lines(sources: Path, shards: Path, out: Path) -> dict[str, list[object]]:
    """What to type for some commands of each kind: results as text, tables, JSON, files, bars."""
    folders = ("--fg", sources / "fg", "--bg", sources / "bg", "--depth-model", "none")
    return {
        "stats": [shards],
        "verify": [shards],
        "doctor": [],
        "render": [shards, "val", 0, "--out", out],
        "sample-data": [out, "--cars", 1, "--scenes", 1, "--people", 1, "--signs", 1],
        "build-dataset": [*folders, "--out", out, "--size", 32, "--samples", 20, "--workers", 2],
    }


@pytest.mark.parametrize(
    "command",
    [
        *("stats", "build-dataset"),
        *(
            pytest.param(name, marks=pytest.mark.slow)
            for name in ("verify", "doctor", "render", "sample-data")
        ),
    ],
)
@pytest.mark.parametrize("closing", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full", "<&-"])
def test_closed_and_full_streams_do_not_end_a_command(
    command: str, closing: str, sources: Path, plain_build: BuildResult, tmp_path: Path
) -> None:
    lines = short_lines(sources, plain_build.out, tmp_path / "out")
    plain = typed("CMD", command, *short_lines(sources, plain_build.out, tmp_path / "a")[command])
    result = typed(f"CMD {closing}", command, *lines[command])
    assert "Traceback" not in result.stderr + result.stdout
    assert result.returncode == plain.returncode, result.stderr
    if command == "build-dataset":
        assert files_of(tmp_path / "out") == files_of(tmp_path / "a")


@pytest.mark.slow
@pytest.mark.parametrize("name", cli.list_commands(click.Context(cli)))
@pytest.mark.parametrize("closing", [">&-", "2>&-", "| true", "2>&1 | true"])
def test_every_command_can_be_asked_and_misused_without_a_reader(name: str, closing: str) -> None:
    for argument in ("--help", "--no-such-option"):
        result = typed(f"CMD {closing}", name, argument)
        assert "Traceback" not in result.stderr + result.stdout
        assert "Exception ignored" not in result.stderr
        assert result.returncode in (0, 1, 2)


def test_a_reader_that_goes_away_ends_the_output_and_says_nothing(plain_build: BuildResult) -> None:
    for more in ((), ("--json",)):
        result = typed("CMD | true", "stats", plain_build.out, *more)
        assert (result.returncode, result.stderr) in ((1, ""), (0, ""))


def test_a_build_goes_on_when_nobody_reads_its_progress(sources: Path, tmp_path: Path) -> None:
    line = short_lines(sources, tmp_path, tmp_path / "out")["build-dataset"]
    result = typed("CMD 2> >(true)", "build-dataset", *line)
    assert result.returncode == 0
    assert json.loads((tmp_path / "out" / "dataset.json").read_text())["digest"] in result.stdout


def test_results_that_find_no_room_are_said(plain_build: BuildResult) -> None:
    for more in ((), ("--json",)):
        result = typed("CMD > /dev/full", "stats", plain_build.out, *more)
        assert result.returncode == 1
        assert "output: expected a place that can be written, found No space" in result.stderr
        assert len(result.stderr.splitlines()) == 1
