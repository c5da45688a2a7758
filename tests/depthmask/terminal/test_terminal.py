"""depthmask/terminal/console.py, build_progress.py, training_progress.py,
depthmask/commands/cli.py: what a person sees
"""

import io
import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from depthmask.commands.cli import cli
from depthmask.reports.stats import dataset_stats
from depthmask.terminal.bars import open_progress
from depthmask.terminal.build_progress import Pace
from depthmask.terminal.console import rate_text
from depthmask.terminal.stats_tables import stats_tables
from depthmask.terminal.training_progress import TrainProgress, best_epoch, epoch_heads, epoch_line
from pipeline.build import BuildResult
from pipeline.machine.counters import Counters, Done

ESCAPE = "\x1b["


def on_a_terminal(*arguments: object, **environment: str) -> tuple[int, str]:
    """Exit status and stderr of a command whose stderr is a terminal of 120 columns."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "depthmask", *(str(part) for part in arguments)],
        stdout=subprocess.DEVNULL,
        stderr=follower,
        env=os.environ | {"COLUMNS": "120", "TERM": "xterm"} | environment,
    )
    os.close(follower)
    seen = b""
    while True:
        try:
            block = os.read(leader, 65536)
        except OSError:  # the other side is closed
            break
        if not block:
            break
        seen += block
    os.close(leader)
    return process.wait(60), seen.decode()


def piped(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "depthmask", *(str(part) for part in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def build(sources: Path, out: Path, *more: object) -> tuple[object, ...]:
    """Arguments of a build of 20 samples."""
    return (
        *("build-dataset", "--fg", sources / "fg", "--bg", sources / "bg", "--out", out),
        *("--size", 32, "--samples", 20, "--depth-model", "none", "--workers", 1),
        *more,
    )


def test_a_build_on_a_terminal_shows_rates_and_piped_none(sources: Path, tmp_path: Path) -> None:
    status, seen = on_a_terminal(*build(sources, tmp_path / "a"))
    assert status == 0
    for part in (ESCAPE, "building", "20/20", "samples/s", "MB/s"):
        assert part in seen
    result = piped(*build(sources, tmp_path / "b"))
    assert ESCAPE not in result.stderr
    assert "building" not in result.stderr
    assert "5 foregrounds x 4 backgrounds" in result.stderr


def test_the_pace_is_that_of_the_last_seconds() -> None:
    pace = Pace()
    assert pace.rates() == (0.0, 0.0, 0.0)
    for second in range(30):  # 10 samples a second, from the 20th second on 50
        samples = 10 * second if second < 20 else 190 + 50 * (second - 19)
        pace.see(second, Done(samples, samples // 2, 1_000_000 * samples))
    samples_rate, megabytes, maps = pace.rates()
    assert (samples_rate, megabytes, maps) == (50.0, 50.0, 25.0)
    assert pace.text() == "50 samples/s  50.0 MB/s  25 maps/s"
    pace.end()
    assert pace.rates()[0] == pytest.approx(690 / 29)


def test_slow_rates_have_a_digit_after_the_point() -> None:
    assert [rate_text(rate) for rate in (0, 0.34, 9.94, 9.96, 12345.6)] == [
        *("0", "0.3", "9.9", "10", "12,346")
    ]


def test_counters_add_up_over_shards() -> None:
    counters = Counters(3)
    counters.set(0, Done(5, 5, 1000))
    counters.set(2, Done(7, 0, 300))
    total = counters.total()
    counters.remove()
    assert total == Done(12, 5, 1300)


def test_maps_are_counted_where_a_teacher_makes_them(sources: Path, tmp_path: Path) -> None:
    arguments = build(sources, tmp_path / "a", "--depth-model", "densedepth-lite")
    status, seen = on_a_terminal(*arguments)
    assert status == 0
    assert "maps/s" in seen


def test_an_error_is_red_with_its_remedy_in_colour(tmp_path: Path) -> None:
    status, seen = on_a_terminal("stats", tmp_path)
    assert status == 2
    assert "\x1b[1;31merror: " in seen
    assert "\x1b[36mgive" in seen  # where the line ends is the path's matter
    assert "\x1b[3" not in on_a_terminal("stats", tmp_path, NO_COLOR="1")[1]
    assert piped("stats", tmp_path).stderr.startswith("error: ")


def test_an_error_on_a_terminal_has_lines_of_its_own_that_end_between_words(
    sources: Path, tmp_path: Path
) -> None:
    """Also after a bar: sources are being checked when foregrounds turn out to have no alpha."""
    shutil.copytree(sources / "bg", tmp_path / "scenes")
    arguments = ("build-dataset", "--fg", sources / "bg", "--bg", tmp_path / "scenes")
    status, seen = on_a_terminal(*arguments, "--out", tmp_path / "a", COLUMNS="60")
    before, _, said = re.sub(r"\x1b\[[\d;?]*[a-zA-Z]", "", seen).rpartition("error: --fg")
    assert status == 2
    assert "checking foregrounds" in before
    assert before.endswith("\n")
    words = "expected a folder with at least one foreground picture with alpha"
    assert words in " ".join(said.split())
    assert words not in said
    assert len(piped(*arguments, "--out", tmp_path / "a").stderr.splitlines()) == 1


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_terminal_keeps_the_count_of_a_bar(
    columns: int, sources: Path, tmp_path: Path
) -> None:
    seen = io.StringIO()
    console = Console(force_terminal=True, file=seen, width=columns)
    with open_progress(console) as progress:
        bar = progress.add_task("checking foregrounds", total=424_320)
        progress.update(bar, completed=339_456)
    assert "339,456/424,320" in seen.getvalue()
    assert "…" not in seen.getvalue()
    status, said = on_a_terminal(*build(sources, tmp_path / "a"), COLUMNS=str(columns))
    assert status == 0
    assert "20/20" in said
    assert "building" in said


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_terminal_keeps_the_figures_of_stats(columns: int, tiny_dataset: Path) -> None:
    facts = dataset_stats([tiny_dataset])
    seen, wide = io.StringIO(), io.StringIO()
    Console(file=seen, width=columns).print(stats_tables(facts))
    Console(file=wide, width=160).print(stats_tables(facts))
    lines = seen.getvalue().splitlines()
    assert "…" not in seen.getvalue()
    assert max(map(len, lines)) <= columns
    numbers = re.compile(r"[\d.,]*\d")
    digest = str(facts["digest"])
    whole = numbers.findall(wide.getvalue().replace(digest, ""))
    found = Counter(numbers.findall(seen.getvalue()))
    assert not Counter(whole) - found


def test_a_bar_that_never_moved_leaves_nothing_behind() -> None:
    for steps, end in ((0, "\r\x1b[2K\x1b[?25h"), (3, "\n\x1b[?25h")):
        seen = io.StringIO()
        with open_progress(Console(force_terminal=True, file=seen, width=80)) as progress:
            progress.update(progress.add_task("reading", total=None), advance=steps)
        assert seen.getvalue().endswith(end)


def test_quiet_says_nothing_but_errors(sources: Path, tmp_path: Path) -> None:
    result = piped("-q", *build(sources, tmp_path / "a"))
    assert (result.returncode, result.stderr) == (0, "")
    assert "digest " in result.stdout
    assert on_a_terminal("-q", *build(sources, tmp_path / "b")) == (0, "")
    failed = piped("-q", "stats", tmp_path)
    assert (failed.returncode, failed.stderr[:7]) == (2, "error: ")


def test_verbose_says_how_long_and_gives_tracebacks(sources: Path, tmp_path: Path) -> None:
    result = piped("-v", *build(sources, tmp_path / "a"))
    assert "MB a process" in result.stderr.splitlines()[-1]
    failed = piped("-v", "stats", tmp_path)
    assert "Traceback" in failed.stderr
    assert failed.stderr.splitlines()[-1].startswith("error: ")


@pytest.mark.parametrize(
    "line", [("-q", "-v", "stats"), ("stats", "-q", "-v"), ("-v", "stats", "--quiet")]
)
def test_quiet_and_verbose_exclude_each_other_wherever_they_stand(line: tuple[str, ...]) -> None:
    both = piped(*line, "nowhere")
    assert both.returncode == 2
    assert both.stderr.splitlines()[0] == "error: -q and -v together: give one of the two"


def test_quiet_and_verbose_are_taken_after_the_command_too(sources: Path, tmp_path: Path) -> None:
    quiet = piped(*build(sources, tmp_path / "a"), "-q")
    assert (quiet.returncode, quiet.stderr) == (0, "")
    assert "Traceback" in piped("stats", tmp_path, "-v").stderr


def test_json_is_alone_on_stdout(sources: Path, plain_build: BuildResult, tmp_path: Path) -> None:
    def facts(*arguments: object) -> object:
        result = CliRunner().invoke(cli, [*(str(part) for part in arguments), "--json"])
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout)

    shards = plain_build.out
    built = facts(*build(sources, tmp_path / "a"))
    assert isinstance(built, dict)
    assert built["samples"] == {"train": 18, "val": 2, "test": 0}
    assert len(built["digest"]) == 64
    planned = facts(*build(sources, tmp_path / "b", "--dry-run"))
    assert isinstance(planned, dict)
    assert planned["shards"] == 3
    assert planned["bytes"] > 10_000
    written = facts("render", shards, "val", 0, "--out", tmp_path / "r")
    assert str(tmp_path / "r" / "image.png") in (written if isinstance(written, list) else [])
    page = str(tmp_path / "page.html")
    assert facts("report", shards, "--out", page) == [page]
    converted = facts("convert", shards, tmp_path / "c", "--format", "lmdb", "--workers", 1)
    assert isinstance(converted, dict)
    assert converted["samples"] == 120
    counts = [word for name in ("cars", "people", "signs", "scenes") for word in (f"--{name}", 1)]
    drawn = facts("sample-data", tmp_path / "d", *counts)
    assert drawn == {name: str(tmp_path / "d" / name) for name in ("cars", "objects", "scenes")}


def test_every_command_has_json() -> None:
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        assert command is not None
        assert any("--json" in parameter.opts for parameter in command.params), name


def test_training_shows_loss_score_and_data_wait(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    row = {"epoch": 1, "step": 5, "mask_iou": 0.7512, "train_loss": 0.8}
    with closing(TrainProgress()) as watcher:
        watcher.stepped(0.1, 0.8, 40.0, 0.25)
        watcher.epoch_ended(row)
        watcher.stepped(0.5, 0.4, 40.0, 0.125)
    seen = capsys.readouterr().err
    assert "loss 0.7800  IoU 0.751  40 images/s  data-wait 12%" in seen
    assert seen.count(epoch_heads()) == 1
    assert epoch_line(row) in seen
    assert epoch_line(row).split() == ["1", "-", "0.8000", "0.7512", *"------"]
    assert len(epoch_line(row)) == len(epoch_heads()) < 80
    assert (
        best_epoch(row | {"depth_rmse": 0.1}) == "best: epoch 1, mask IoU 0.7512, depth RMSE 0.1000"
    )
    assert best_epoch({"epoch": 3, "train_loss": 0.8}) == "best: epoch 3, training loss 0.8000"


def test_training_says_that_it_scores_while_the_bar_stands_still(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with closing(TrainProgress()) as watcher:
        watcher.stepped(0.1, 0.8, 40.0, 0.25)
        watcher.scoring("val", 16, 375)
    assert "scoring 16/375 of val" in capsys.readouterr().err


def test_commands_and_options_are_completed() -> None:
    def completed(words: str, number: int) -> str:
        environment = {"COMP_WORDS": words, "COMP_CWORD": str(number)}
        return subprocess.run(
            [sys.executable, "-m", "depthmask"],
            env=os.environ | environment | {"_DEPTHMASK_COMPLETE": "bash_complete"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert completed("depthmask bui", 1) == "plain,build-dataset\n"
    assert "plain,--samples-per-shard" in completed("depthmask build-dataset --samp", 2)
    assert "plain,lmdb" in completed("depthmask build-dataset --format ", 3)
