"""pipeline/checking/omissions.py: objects that found no free place are said"""

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from small import small_options

from depthmask.commands.cli import cli
from pipeline.build import build_dataset
from pipeline.checking.omissions import MANY, Omission
from shards.reading.open import open_dataset

CROWDED = {"objects": (4, 8), "max_overlap": 0.02, "samples": 40}


@pytest.fixture(scope="module")
def pictures(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources, three of the foregrounds as cars and two as signs."""
    root = tmp_path_factory.mktemp("categories")
    shutil.copytree(sources / "bg", root / "bg")
    for index, path in enumerate(sorted((sources / "fg").iterdir())):
        folder = root / "fg" / ("car" if index < 3 else "sign")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)
    return root


def test_they_are_counted_by_split_and_category(pictures: Path, tmp_path: Path) -> None:
    result = build_dataset(small_options(pictures, tmp_path / "out", **CROWDED))
    dataset = open_dataset(result.out)
    assert [each.split for each in result.omissions] == ["train", "val"]
    for each in result.omissions:
        infos = [sample.info for sample in dataset.split(each.split)]
        assert sum(each.omitted.values()) == sum(info["omitted"] for info in infos) > 0
        placed = Counter(one["category"] for info in infos for one in info["objects"])
        assert Counter(each.asked) - Counter(each.omitted) == placed
        assert each.share > MANY
    again = build_dataset(small_options(pictures, tmp_path / "out", **CROWDED))
    assert (again.shards_made, again.omissions) == (0, result.omissions)


def test_the_command_warns_of_many_and_names_the_categories(pictures: Path, tmp_path: Path) -> None:
    line = ["build-dataset", "--fg", str(pictures / "fg"), "--bg", str(pictures / "bg")]
    line += ["--out", str(tmp_path / "out"), "--size", "64", "--depth-model", "none"]
    line += ["--workers", "1", "--samples", "40"]
    found = CliRunner().invoke(cli, [*line, "--objects", "4", "8", "--max-overlap", "0.02"])
    assert found.exit_code == 0, found.output
    assert re.search(
        r"warning: \d\d% of the objects of train found no free place \((car|sign) \d\d%",
        found.output,
    )
    line[6] = str(tmp_path / "roomy")
    roomy = CliRunner().invoke(cli, [*line, "--objects", "1", "2", "--fg-scale", ".1", ".2"])
    assert roomy.exit_code == 0, roomy.output
    assert "found no free place" not in roomy.output


def test_a_lone_object_always_has_a_place(pictures: Path, tmp_path: Path) -> None:
    assert build_dataset(small_options(pictures, tmp_path / "out", samples=10)).omissions == ()


def test_the_words_name_the_worst_category_first() -> None:
    omission = Omission(split="val", asked={"car": 10, "sign": 4}, omitted={"car": 2, "sign": 2})
    assert str(omission).startswith(
        "29% of the objects of val found no free place (sign 50%, car 20%): raise --max-overlap"
    )
