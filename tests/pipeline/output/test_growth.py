"""pipeline/output/folder.py: a data set grown is the data set built at once"""

import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_plans import plan_of
from small import files_of, small_options

from pipeline.build import BuildResult, build_dataset
from pipeline.output.folder import committed_records
from pipeline.planning.plan import Plan
from shards.base.errors import InputError
from shards.places.local_folder import LocalFolder
from shards.records.manifest import MANIFEST, read_plan, replace_plan


@pytest.fixture
def started(plain_build: BuildResult, tmp_path: Path) -> Path:
    """A copy of the plain build: 120 samples, 90 train and 30 val, 25 a shard."""
    return Path(shutil.copytree(plain_build.out, tmp_path / "started"))


@pytest.fixture(scope="module")
def large(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """What 120 samples grow to."""
    out = tmp_path_factory.mktemp("large") / "shards"
    return build_dataset(small_options(sources, out, samples=200))


def test_a_grown_data_set_has_the_bytes_of_one_plain_build(
    started: Path, large: BuildResult, sources: Path
) -> None:
    full = [started / name for name in ("train-000000.tar", "val-000000.tar")]
    before = [(path.stat().st_ino, path.read_bytes()) for path in full]
    grown = build_dataset(small_options(sources, started, samples=200))
    assert grown.digest == large.digest
    assert files_of(started) == files_of(large.out)
    assert [(path.stat().st_ino, path.read_bytes()) for path in full] == before
    assert grown.shards_made == 5  # the short train-000003 and val-000001, and train 4 to 6
    assert grown.shards_kept == 5


def test_growth_in_three_steps_is_growth_in_one(
    started: Path, large: BuildResult, sources: Path
) -> None:
    for samples in (121, 160, 200):
        last = build_dataset(small_options(sources, started, samples=samples))
    assert last.digest == large.digest
    assert files_of(started) == files_of(large.out)


@pytest.mark.parametrize("format", ["tar", "lmdb"])
def test_an_unfinished_data_set_grows_too(
    format: str, sources: Path, tmp_path: Path, large: BuildResult
) -> None:
    small = small_options(sources, tmp_path / "shards", format=format)
    build_dataset(small)
    for name in (MANIFEST, "train-000001.json", f"val-000001.{format}"):
        (small.out / name).unlink()
    grown = build_dataset(dataclasses.replace(small, samples=200))
    plain = build_dataset(dataclasses.replace(small, samples=200, out=tmp_path / "plain"))
    assert files_of(grown.out) == files_of(plain.out)
    if format == "tar":
        assert grown.digest == large.digest


def test_a_growth_killed_at_any_step_goes_on(
    started: Path, large: BuildResult, sources: Path
) -> None:
    steps = (
        lambda: (started / MANIFEST).unlink(),
        lambda: replace_plan(started, read_plan(large.out)),
        lambda: shutil.copy(large.out / "train-000003.tar", started),
        lambda: shutil.copy(large.out / "train-000003.json", started),
    )
    for number, step in enumerate(steps):
        step()
        copy = Path(shutil.copytree(started, started.with_name(f"copy{number}")))
        build_dataset(small_options(sources, copy, samples=200))
        assert files_of(copy) == files_of(large.out)


def test_a_killed_growth_never_takes_a_short_shard_for_a_full_one(
    started: Path, large: BuildResult
) -> None:
    replace_plan(started, read_plan(large.out))
    kept = committed_records(LocalFolder(started), Plan(read_plan(started)))
    assert "train-000002.tar" in kept
    assert "train-000003.tar" not in kept
    shutil.copy(large.out / "train-000003.json", started / "train-000003.json")
    assert "train-000003.tar" not in committed_records(
        LocalFolder(started), Plan(read_plan(started))
    )


@pytest.mark.parametrize("samples", [119, 1])
def test_fewer_samples_are_refused_in_a_sentence(
    plain_build: BuildResult, sources: Path, samples: int
) -> None:
    before = files_of(plain_build.out)
    with pytest.raises(InputError, match=r"may only grow, found .*; give a larger number"):
        build_dataset(small_options(sources, plain_build.out, samples=samples))
    assert files_of(plain_build.out) == before


def test_the_whole_plan_is_more_than_any_number(started: Path, sources: Path) -> None:
    whole = build_dataset(small_options(sources, started, samples=None))
    assert whole.samples == {"train": 480, "val": 40, "test": 0}
    with pytest.raises(InputError, match="at least the 480 train and 40 val samples"):
        build_dataset(small_options(sources, started, samples=519))
    same = build_dataset(small_options(sources, started, samples=10**6))
    assert (same.shards_made, same.digest) == (0, whole.digest)


def test_a_growth_that_takes_a_sample_from_a_split_is_refused(
    sources: Path, tmp_path: Path
) -> None:
    out, shares = tmp_path / "shards", {"val_fraction": 0.1, "test_fraction": 0.1}
    small = build_dataset(small_options(sources, out, samples=4, **shares))
    assert small.samples == {"train": 4, "val": 0, "test": 0}
    with pytest.raises(InputError, match=r"a split may only grow, found 3 train, 1 val and 1 test"):
        build_dataset(small_options(sources, out, samples=5, **shares))
    grown = build_dataset(small_options(sources, out, samples=6, **shares))
    assert grown.samples == {"train": 4, "val": 1, "test": 1}


@given(
    st.integers(1, 300),
    st.integers(0, 200),
    st.floats(0, 1),
    st.sampled_from(["source", "sample"]),
)
@settings(max_examples=60, deadline=None)
def test_growth_changes_the_last_shard_of_a_split_at_most(
    samples: int, more: int, fraction: float, split_by: str
) -> None:
    small, large = (
        plan_of(samples=count, val_fraction=fraction, split_by=split_by)
        for count in (samples, samples + more)
    )
    assert small.build == large.build
    assert all(large.samples[split] >= count for split, count in small.samples.items())
    changed = [task for task in small.tasks() if task not in large.tasks()]
    assert len(changed) <= 2
    assert len({task.split for task in changed}) == len(changed)
    assert all(task.samples < 10 for task in changed)


@pytest.mark.slow
def test_a_growth_killed_at_random_moments_ends_with_the_same_bytes(
    sources: Path, tmp_path: Path
) -> None:
    rng = random.Random(4)
    changes: dict[str, object] = {"samples_per_shard": 100, "placements": 400, "workers": 2}
    options = small_options(sources, tmp_path / "grown", samples=450, **changes)
    build_dataset(options)
    command = [
        *(sys.executable, "-m", "depthmask", "build-dataset", "--out", str(options.out)),
        *("--fg", str(sources / "fg"), "--bg", str(sources / "bg"), "--size", "64"),
        *("--samples", "4000", "--samples-per-shard", "100", "--placements", "400"),
        *("--val-fraction", ".25", "--depth-model", "none", "--workers", "2"),
    ]
    for shards in (6, 9, 15, 24, 33):
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
        while len(list(options.out.glob("*-0*.json"))) < shards and process.poll() is None:
            time.sleep(0.001)
        time.sleep(rng.uniform(0, 0.05))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    grown = build_dataset(dataclasses.replace(options, samples=4000))
    plain = small_options(sources, tmp_path / "plain", samples=4000, **changes)
    assert grown.digest == build_dataset(plain).digest
    assert files_of(grown.out) == files_of(plain.out)
