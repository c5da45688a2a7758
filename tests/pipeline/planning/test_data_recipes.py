"""pipeline/planning/recipes/, depthmask/commands/option_files.py: the earlier systems' data
sets as option files
"""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from PIL import Image

from depthmask.commands.cli import cli
from depthmask.recipes.option_file import read_option_file
from pipeline.planning.data_recipes import DATA_RECIPES, data_recipe
from pipeline.planning.options import BuildOptions
from pipeline.planning.plan import Plan, make_plan
from pipeline.sources.source import Source
from shards.base.errors import InputError
from shards.base.options import identity_of

SOURCES = {"A": (100, 100), "B": (100, 100), "C": (100, 100), "D": (104, 102), "E": (101, 202)}
"""Foregrounds and backgrounds of each system; A's are as many as make its 40 folders 400,000."""

SAMPLES = {"A": 400_000, "B": 400_000, "C": 400_000, "D": 424_320, "E": 408_040}
SIZES = {"A": 224, "B": 160, "C": 220, "D": 224, "E": 200}


def some(role: str, count: int) -> list[Source]:
    return [
        Source(name=f"{role}{i}.png", sha256=f"{role}{i:064d}"[-64:], size=(9, 9), split="")
        for i in range(count)
    ]


def options_of(name: str) -> BuildOptions:
    table = read_option_file(data_recipe(name), BuildOptions, "size = 160")
    return BuildOptions(fg=Path("fg"), bg=Path("bg"), **table)


def plan_of(name: str) -> Plan:
    fg, bg = SOURCES[name]
    return make_plan(
        options=identity_of(options_of(name)),
        fg=some("fg", fg),
        bg=some("bg", bg),
        skipped=[],
        teacher=None,
        depth=None,
        versions={},
    )


@pytest.mark.parametrize("name", DATA_RECIPES)
def test_plans_have_the_originals_number_of_samples(name: str) -> None:
    plan = plan_of(name)
    assert sum(plan.samples.values()) == SAMPLES[name]
    assert plan.options["size"] == [SIZES[name]] * 2
    assert plan.unused_cells == 0


def test_the_plan_of_d_is_split_80_to_20() -> None:
    assert plan_of("D").samples == {"train": 339_456, "val": 84_864, "test": 0}


@pytest.mark.parametrize(
    ("name", "shortest", "longest"), [("B", 80, 80), ("C", 110, 132), ("D", 90, 160)]
)
def test_foregrounds_are_as_large_as_in_the_original(
    name: str, shortest: int, longest: int
) -> None:
    options = options_of(name)
    low, high = (share * min(options.size) for share in options.fg_scale)
    assert (low, high) == pytest.approx((shortest, longest))


def test_the_command_plans_424_320_samples_from_102_scenes_and_104_cars(tmp_path: Path) -> None:
    for role, count, mode in (("fg", 104, "RGBA"), ("bg", 102, "RGB")):
        (tmp_path / role).mkdir()
        for i in range(count):
            colour = (i, 255 - i, 7, 255)[: len(mode)]
            Image.new(mode, (16, 16), colour).save(tmp_path / role / f"{i}.png")
    shared = ["--fg", str(tmp_path / "fg"), "--bg", str(tmp_path / "bg"), "--dry-run"]
    found = CliRunner().invoke(
        cli, ["build-dataset", *shared, "--recipe", "D", "--depth-model", "none"]
    )
    assert found.exit_code == 0, found.output
    assert "339456 train and 84864 val samples" in found.output.replace(",", "")


def test_what_stands_on_the_line_wins_over_a_recipe(sources: Path, tmp_path: Path) -> None:
    shared = ["--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--dry-run"]
    line = ["--recipe", "E", "--placements", "3", "--split-by", "sample", "--depth-model", "none"]
    found = CliRunner().invoke(cli, ["build-dataset", *shared, *line])
    assert "54 train and 6 val samples" in found.output, found.output


def test_a_file_of_ones_own_serves_as_well(sources: Path, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('placements = 2\nflip = false\nsplit_by = "sample"\ndepth_model = "none"\n')
    shared = ["--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--dry-run"]
    found = CliRunner().invoke(cli, ["build-dataset", *shared, "--config", str(own)])
    assert "36 train and 4 val samples" in found.output, found.output
    own.write_bytes(b"\xef\xbb\xbf" + own.read_bytes())  # as Windows' editors begin a file
    again = CliRunner().invoke(cli, ["build-dataset", *shared, "--config", str(own)])
    assert again.output == found.output
    own.write_text("placement = 2\n")
    wrong = CliRunner().invoke(cli, ["build-dataset", *shared, "--config", str(own)])
    assert isinstance(wrong.exception, InputError)
    assert "found placement" in str(wrong.exception)
    own.write_text("num_workers = 2\n")
    other = CliRunner().invoke(cli, ["build-dataset", *shared, "--config", str(own)])
    assert str(other.exception).endswith("found num_workers; here it is workers")


def test_an_unknown_recipe_is_refused() -> None:
    with pytest.raises(InputError, match="one of A, B, C, D, E"):
        data_recipe("F")


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("flip = 1", "flip: expected true or false, found 1"),
        (
            "size = true",
            "own.toml: size: expected a whole number of pixels, .*, found True",
        ),
        ("size = [16]", r"size: expected a whole number of pixels, .*, found \[16\]"),
        ("size = 1979-05-27", "size: expected a whole number"),
        ("fg_scale = 0.5", "fg_scale: expected 2 numbers, found 0.5"),
        ("fg_scale = [0.1, 0.2, 0.3]", "fg_scale: expected 2 numbers"),
        ("fg_scale = [[], 1]", "fg_scale: expected 2 numbers"),
        ("size = 1e400", "own.toml: size: expected a whole number of pixels, .*, found inf"),
        ('size = "x"', "size: expected a whole number of pixels, .*, found 'x'"),
        ("depth_format = 255", "depth_format: expected png16 or jpeg8, found 255"),
        ("size = 7", r"--size \(in .*own.toml\): expected 16 to 4096 pixels a side, found 7"),
        ('size = "320x8"', r"--size \(in .*own.toml\): expected 16 to 4096 .* found 320x8"),
        ("depth_format = 'png'", r"depth_format: .*did you mean png16\?"),
        ("a = " + "[" * 3000, "expected a TOML file"),
        ("a = " + "{b=" * 3000, "expected a TOML file"),
    ],
)
def test_a_file_with_a_value_of_another_kind_gets_a_sentence(
    line: str, found: str, sources: Path, tmp_path: Path
) -> None:
    (tmp_path / "own.toml").write_text(line + "\n")
    words = ["build-dataset", "--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--dry-run"]
    with pytest.raises((InputError, click.ClickException), match=found):
        cli.main([*words, "--config", str(tmp_path / "own.toml")], standalone_mode=False)
