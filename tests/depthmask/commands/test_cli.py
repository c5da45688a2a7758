"""depthmask/commands/cli.py, depthmask/commands/click_options.py and the data commands, as a
user runs them
"""

import json
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from small import draw_background, draw_foreground

from depthmask.commands.cli import cli
from pipeline.build import BuildResult


def depthmask(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "depthmask", *(str(part) for part in arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


COMMANDS = (
    "sample-data",
    "build-dataset",
    "stats",
    "render",
    "report",
    "verify",
    "convert",
    "train",
    "evaluate",
    "predict",
    "export",
    "networks",
    "depth",
    "train-teacher",
    "doctor",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command: str) -> None:
    result = depthmask(command, "--help")
    assert result.returncode == 0
    assert f"depthmask {command} " in result.stdout.partition("Example")[2]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_80_columns_and_describes_every_option(command: str) -> None:
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    context = click.Context(found, info_name=command, terminal_width=80)
    assert max(map(len, found.get_help(context).splitlines())) <= 80
    for parameter in found.params:
        assert isinstance(parameter, click.Argument) or getattr(parameter, "help", ""), parameter


def test_help_imports_neither_torch_nor_numpy() -> None:
    program = (
        "import sys\n"
        "from depthmask.commands.cli import main\n"
        "try:\n"
        "    main(['build-dataset', '--help'])\n"
        "except SystemExit:\n"
        "    pass\n"
        "print(sorted({'torch', 'numpy', 'rich', 'PIL'} & set(sys.modules)))\n"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_the_overview_gives_every_command_a_whole_sentence_within_80_columns() -> None:
    overview = depthmask("--help").stdout
    assert "..." not in overview.partition("Commands:")[2]
    assert max(map(len, overview.splitlines())) <= 80
    for command in COMMANDS:
        assert f"\n  {command} " in overview


def test_a_mistyped_command_is_told_the_nearest_one() -> None:
    result = depthmask("build-datset")
    assert (result.returncode, result.stdout) == (2, "")
    assert "No such command 'build-datset'; did you mean build-dataset?" in result.stderr
    assert "did you mean" not in depthmask("zzz").stderr


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        """Of the processor, in user's code: a busy machine or a cold disk says nothing of us."""
        begin = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        depthmask("train", "--help")
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - begin

    assert min(seconds() for _ in range(3)) < 0.3


def folder_without_pictures(root: Path) -> tuple[object, ...]:
    (root / "fg").mkdir()
    (root / "fg" / "notes.txt").write_text("notes")
    return ("--fg", root / "fg", "--bg", root)


def foregrounds_without_alpha(root: Path) -> tuple[object, ...]:
    (root / "bg").mkdir()
    draw_background(0).save(root / "bg" / "a.png")
    shutil.copytree(root / "bg", root / "scenes")
    return ("--fg", root / "bg", "--bg", root / "scenes")


def no_such_folder(root: Path) -> tuple[object, ...]:
    return ("--fg", root / "nowhere", "--bg", root)


def folder_of_something_else(root: Path) -> tuple[object, ...]:
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (root / role).mkdir()
        draw(1).save(root / role / "a.png")
    (root / "out").mkdir()
    (root / "out" / "thesis.txt").write_text("mine")
    return ("--fg", root / "fg", "--bg", root / "bg")


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (no_such_folder, "found no such folder"),
        (folder_without_pictures, "found none among 1 files (the first, notes.txt: not a picture)"),
        (foregrounds_without_alpha, "no alpha channel"),
        (folder_of_something_else, "found a folder that holds something else"),
    ],
)
def test_wrong_use_gets_one_sentence_and_status_2_with_nothing_written(
    prepare: object, sentence: str, tmp_path: Path
) -> None:
    arguments = prepare(tmp_path)  # type: ignore[operator]
    before = sorted(tmp_path.rglob("*"))
    result = depthmask("build-dataset", *arguments, "--out", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert sentence in result.stderr
    assert "Traceback" not in result.stderr
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--size", 7, "--size: expected 16 to 4096 pixels a side, found 7"),
        ("--val-fraction", 1.5, "--val-fraction: expected 0 to 1, found 1.5"),
        ("--depth-bits", 17, "--depth-bits: expected 1 to 16, found 17"),
        ("--depth-format", "jpeg8", "expected --depth-bits 8, found 12"),
        ("--format", "zip", "--format: expected tar or lmdb, found 'zip'"),
        ("--depth-model", "densdepth-lite", "densedepth-lite"),
    ],
)
def test_wrong_options_are_named(
    option: str, value: object, sentence: str, sources: Path, tmp_path: Path
) -> None:
    arguments = ("--fg", sources / "fg", "--bg", sources / "bg", "--out", tmp_path / "out")
    result = depthmask("build-dataset", *arguments, option, value)
    assert result.returncode == 2
    assert sentence in result.stderr
    assert not (tmp_path / "out").exists()


def test_build_prints_the_digest_on_stdout(sources: Path, tmp_path: Path) -> None:
    arguments = ("--fg", sources / "fg", "--bg", sources / "bg", "--depth-model", "none")
    sizes = ("--size", 32, "--samples", 20, "--out", tmp_path / "out")
    result = depthmask("build-dataset", *arguments, *sizes)
    assert result.returncode == 0
    manifest = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert result.stdout.endswith(f"digest {manifest['digest']}\n")
    assert "280 cells pair sources from different splits and are left out" in result.stderr


def test_a_dry_run_writes_nothing_and_says_what_would_be(sources: Path, tmp_path: Path) -> None:
    arguments = ("--fg", sources / "fg", "--bg", sources / "bg", "--depth-model", "none")
    out = tmp_path / "out"
    result = depthmask("build-dataset", *arguments, "--size", 32, "--out", out, "--dry-run")
    assert result.returncode == 0
    assert "headers and padding included" in result.stdout
    assert "480 train and 40 val samples" in result.stderr
    assert not out.exists()


def test_stats_as_json_is_json_alone(plain_build: BuildResult) -> None:
    result = depthmask("stats", plain_build.out, "--json", "--recompute", "--workers", 1)
    facts = json.loads(result.stdout)
    assert facts["samples"] == 120
    assert facts["recomputed"] is True
    assert facts["splits"]["val"] == {"samples": 30, "shards": 2}


def test_stats_of_something_else_is_refused(tmp_path: Path) -> None:
    result = depthmask("stats", tmp_path)
    assert result.returncode == 2
    assert "plan.json: expected this file, found none" in result.stderr


def test_verify_prints_the_names_of_broken_shards_and_nothing_else(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    shards = Path(shutil.copytree(plain_build.out, tmp_path / "shards"))
    (shards / "train-000001.tar").unlink()
    (shards / "holiday.tar").write_bytes(b"sun")
    result = depthmask("verify", shards)
    assert (result.returncode, result.stdout) == (1, "train-000001.tar\nholiday.tar\n")
    assert "train-000001.tar: the shard is missing" in result.stderr
    repaired = depthmask("verify", shards, "--repair", "--workers", 1, "--json")
    assert (repaired.returncode, json.loads(repaired.stdout)["sound"]) == (0, True)
    assert "train-000001.tar: made again, as it was recorded" in repaired.stderr
    assert (shards / "set-aside" / "holiday.tar").exists()
