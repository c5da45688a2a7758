"""depthmask/commands/suggestions.py, depthmask/recipes/other_names.py: options and commands by
others' names
"""

import click
import pytest
from click.testing import CliRunner

from depthmask.commands.cli import _COMMANDS, cli
from depthmask.recipes.other_names import ARGUMENTS, COMMANDS, NOTES, OPTIONS


def said(*words: str) -> str:
    result = CliRunner().invoke(cli, list(words))
    assert result.exit_code == 2, result.output
    return next(line for line in result.output.splitlines() if line.startswith("Error: "))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("build-dataset --degrees 5", "'--degrees'; here it is --rotate"),
        ("build-dataset --no-depth", "'--no-depth': here it is --depth-model none"),
        ("build-dataset --val-split .1", "'--val-split'; here it is --val-fraction"),
        ("build-dataset --jobs 4", "'--jobs'; here it is --workers"),
        ("build-dataset --gpu 0", "'--gpu'; here it is --device"),
        ("build-dataset --n 5", "'--n'; here it is --samples"),
        ("build-dataset -n 5", "'-n'; here it is --samples"),
        ("build-dataset --data x", "'--data': give the two folders: --fg and --bg"),
        ("build-dataset --processes_count 4", "here it is --workers"),
        ("build-dataset --image-size 4", "here it is --size"),
        ("build-dataset --maxcount 4", "here it is --samples-per-shard"),
        ("build-dataset --fg_scale 1 1", "here it is --fg-scale"),
        ("build-dataset --force", "here it is --overwrite"),
        ("build-dataset --sampels 5", "'--sampels'; did you mean --samples?"),
        ("train --data x", "'--data'; here it is --shards"),
        ("train --bs 4", "here it is --batch-size"),
        ("train --learning-rate 1", "here it is --lr"),
        ("train --imgsz 64", "here it is --size"),
        ("train --weights x", "here it is --start"),
        ("train --val-split .1", "the data set says it"),
        ("train --gpus 2", "torchrun"),
        ("evaluate --checkpoint x", "it is given without a name: depthmask evaluate CHECKPOINT"),
        ("evaluate --data x", "here it is --shards"),
        ("predict --source x", "here it is --image"),
        ("predict --epochs 3", "'--epochs': train has it"),
        ("export --output x", "it is given without a name: depthmask export OUT"),
        ("stats --shards x", "it is given without a name: depthmask stats SHARDS"),
        ("build", "No such command 'build'; here it is build-dataset"),
        ("eval", "here it is evaluate"),
        ("infer", "here it is predict"),
        ("trian", "did you mean train?"),
    ],
)
def test_what_others_call_it_is_told_what_it_is_called_here(words: str, sentence: str) -> None:
    assert sentence in said(*words.split())


@pytest.mark.parametrize(
    "words", ["build-dataset --zzz", "train --mosaics", "zzz", "predict --iou"]
)
def test_what_is_like_nothing_here_gets_no_guess(words: str) -> None:
    sentence = said(*words.split())
    assert "here it is" not in sentence
    assert "did you mean" not in sentence


def all_parameters() -> dict[str, list[click.Parameter]]:
    context = click.Context(cli)
    commands = {name: cli.get_command(context, name) for name in _COMMANDS}
    return {name: command.params for name, command in commands.items() if command is not None}


def test_the_tables_name_only_what_is_there() -> None:
    parameters = [each for found in all_parameters().values() for each in found]
    flags = {flag for each in parameters for flag in each.opts}
    arguments = {each.name for each in parameters if isinstance(each, click.Argument)}
    assert {f"--{name}" for name in OPTIONS} <= flags | {"--version"}
    assert ARGUMENTS.keys() <= arguments
    assert COMMANDS.keys() <= _COMMANDS.keys()


def test_no_note_says_of_an_option_that_it_is_not_there() -> None:
    parameters = all_parameters()
    for commands, names, _ in NOTES:
        for command in commands.split():
            flags = {flag for each in parameters[command] for flag in each.opts}
            assert not flags & {f"--{name}" for name in names.split()}, (command, names)
