"""pipeline/planning/parts.py, and builds in parts"""

import errno
import itertools
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.planning.parts import Part, parse_part
from pipeline.planning.plan import Plan
from shards.base.errors import InputError, RunError
from shards.records.manifest import read_plan


@given(tasks=st.integers(0, 50), count=st.integers(1, 9))
def test_every_task_is_in_exactly_one_part(tasks: int, count: int) -> None:
    numbers = list(range(tasks))
    parts = [Part(index, count).of(numbers) for index in range(count)]  # type: ignore[arg-type]
    assert sorted(itertools.chain(*parts)) == numbers


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_parts_in_any_order_are_the_plain_build(
    order: tuple[int, ...], plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    results = [
        build_dataset(small_options(sources, tmp_path / "out", part=f"{index}/3"))
        for index in order
    ]
    shares = [len(Part(index, 3).of(range(7))) for index in order]
    missing = [7 - sum(shares[: n + 1]) for n in range(3)]
    assert [result.shards_missing for result in results] == missing
    assert [result.digest for result in results] == [None, None, plain_build.digest]
    assert files_of(tmp_path / "out") == files_of(plain_build.out)


def test_a_build_without_part_finishes_what_parts_left(
    plain_build: BuildResult, sources: Path, tmp_path: Path
) -> None:
    first = build_dataset(small_options(sources, tmp_path / "out", part="1/3"))
    again = build_dataset(small_options(sources, tmp_path / "out", part="1/3"))
    assert (again.shards_made, again.shards_kept) == (0, first.shards_made)
    whole = build_dataset(small_options(sources, tmp_path / "out"))
    assert whole.shards_kept == first.shards_made
    assert files_of(whole.out) == files_of(plain_build.out)


def test_a_part_counts_its_own_shards_and_samples(sources: Path, tmp_path: Path) -> None:
    """Of 4 train shards, 2 of val and 1 of backgrounds, 3 of 25 samples are those of part 1/2."""
    out = tmp_path / "out"
    command = [
        *(sys.executable, "-m", "depthmask", "build-dataset", "--out", str(out)),
        *("--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--depth-model", "none"),
        *("--size", "64", "--samples", "120", "--samples-per-shard", "25", "--val-fraction", ".25"),
        *("--workers", "1", "--part"),
    ]
    subprocess.run([*command, "0/2"], check=True, capture_output=True)
    for line in ("(3 shards made, 0 kept, ", "(0 shards made, 3 kept, "):
        said = subprocess.run([*command, "1/2"], check=True, capture_output=True, text=True)
        own = sum(task.samples for task in Plan(read_plan(out)).tasks()[1::2])
        assert f"this part: {own} samples in 3 shards" in said.stderr
        assert ("3 shards there already, 0 to make" in said.stderr) == ("0 shards" in line)
        assert "4 shards there already" not in said.stderr
        assert said.stdout.startswith(f"{own} samples of this part in {out} {line}")


def test_a_part_says_how_many_of_its_own_shards_are_kept(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_dataset(small_options(sources, tmp_path / "out", part="0/2"))
    rename, seen = os.replace, []

    def replace(old: Path, new: Path) -> None:
        seen.append(Path(new).name)
        if sum(name.endswith(".tar") for name in seen) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(new))
        rename(old, new)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(RunError, match="2 of 3 shards are kept"):
        build_dataset(small_options(sources, tmp_path / "out", part="1/2"))


def test_a_part_leaves_the_half_made_files_of_others_alone(sources: Path, tmp_path: Path) -> None:
    build_dataset(small_options(sources, tmp_path / "out", part="0/3"))
    of_part_0, of_part_1 = ".background-000000.tar.1a.tmp", ".val-000000.json.2b.tmp"
    for name in (of_part_0, of_part_1):
        (tmp_path / "out" / name).write_text("half")
    build_dataset(small_options(sources, tmp_path / "out", part="0/3"))
    assert [path.name for path in (tmp_path / "out").glob(".*")] == [of_part_1]


def slurm(task: int, first: int, last: int, count: int) -> dict[str, str]:
    values = {"ID": task, "MIN": first, "MAX": last, "COUNT": count}
    return {f"SLURM_ARRAY_TASK_{name}": str(value) for name, value in values.items()}


def test_a_whole_slurm_array_says_how_many_parts_there_are() -> None:
    parts = [parse_part("slurm", slurm(task, 0, 2, 3)) for task in range(3)]
    assert parts == [Part(0, 3), Part(1, 3), Part(2, 3)]


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({}, "found no job array"),
        (slurm(3, 1, 7, 3), "found 3 tasks from 1 to 7"),
        (slurm(3, 3, 3, 1), "found task 3 alone; .* --part slurm/N"),
        (slurm(3, 1, 3, 2), "found 2 tasks from 1 to 3; .* --part slurm/N"),
        (slurm(5, 4, 6, 3), "found 3 tasks from 4 to 6; .* --part slurm/N"),
        (slurm(0, 0, 4, 3), "found 3 tasks from 0 to 4; .* --part slurm/N"),
    ],
)
def test_slurm_without_a_whole_array_is_refused(environment: dict[str, str], found: str) -> None:
    with pytest.raises(InputError, match=found):
        parse_part("slurm", environment)


@pytest.mark.parametrize("array", [(3, 3, 3, 1), (3, 1, 3, 2), (3, 0, 15, 16)])
def test_failed_tasks_submitted_again_are_the_parts_that_they_were(
    array: tuple[int, int, int, int],
) -> None:
    assert parse_part("slurm/16", slurm(*array)) == Part(3, 16)


def test_a_task_beyond_the_last_part_is_told_to_count_from_0() -> None:
    with pytest.raises(InputError, match="from 0 to 15: parts are counted from 0, found task 16"):
        parse_part("slurm/16", slurm(16, 1, 16, 16))
    with pytest.raises(InputError, match=r"^--part slurm/16: .*ID, found no job array"):
        parse_part("slurm/16", {})


@pytest.mark.parametrize(
    "text", ["3/3", "1", "-1/3", "a/b", "1/0", "", "1/3/5", "²/3", "slurm/0", "slurm/", "slurm/x"]
)
def test_other_texts_are_refused(text: str, sources: Path, tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="--part: expected I/N with I from 0 to N-1, slurm/N or slurm"
    ):
        small_options(sources, tmp_path, part=text)


def test_a_part_cannot_delete_what_others_make(sources: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--overwrite"):
        small_options(sources, tmp_path, part="0/3", overwrite=True)
