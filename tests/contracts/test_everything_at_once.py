"""Every option of the scene at once: the same bytes by every way that a data set is made"""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from everything import draw_everything, everything_options, typed
from scene_reference import EVERYTHING
from small import files_of

from pipeline.build import build_dataset
from pipeline.convert import convert_dataset
from pipeline.verify import verify_dataset


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_everything(tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="module")
def plain(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_dataset(everything_options(pictures, tmp_path_factory.mktemp("plain") / "s")).out


def test_three_workers(plain: Path, pictures: Path, tmp_path: Path) -> None:
    build_dataset(everything_options(pictures, tmp_path / "s", workers=3))
    assert files_of(tmp_path / "s") == files_of(plain)


def test_three_parts(plain: Path, pictures: Path, tmp_path: Path) -> None:
    for part in ("2/3", "0/3", "1/3"):
        last = build_dataset(everything_options(pictures, tmp_path / "s", part=part))
    assert last.shards_missing == 0
    assert files_of(tmp_path / "s") == files_of(plain)


def test_growth(plain: Path, pictures: Path, tmp_path: Path) -> None:
    for samples in (31, 90):
        build_dataset(everything_options(pictures, tmp_path / "s", samples=samples))
    assert files_of(tmp_path / "s") == files_of(plain)


def test_the_other_store_and_back(plain: Path, pictures: Path, tmp_path: Path) -> None:
    built = build_dataset(everything_options(pictures, tmp_path / "built", format="lmdb")).out
    convert_dataset(plain, tmp_path / "lmdb", "lmdb", workers=1)
    assert files_of(built) == files_of(tmp_path / "lmdb")
    convert_dataset(built, tmp_path / "tar", "tar", workers=1)
    assert files_of(tmp_path / "tar") == files_of(plain)


def test_a_kill_and_the_same_command_again(plain: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    words = EVERYTHING | {
        "size": (80, 56),
        "samples": 90,
        "samples_per_shard": 18,
        "distractors": pictures / "distractors",
        "depth_model": "none",
        "fg": pictures / "fg",
        "bg": pictures / "bg",
        "out": out,
        "workers": 1,
    }
    command = [sys.executable, "-m", "depthmask", "--quiet", "build-dataset", *typed(words)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    while not list(out.glob("*-0*.json")) and process.poll() is None:
        time.sleep(0.002)
    process.kill()
    process.wait()
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0
    assert files_of(out) == files_of(plain)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["composite", "layered"])
def test_with_depth(mode: str, pictures: Path, tmp_path: Path) -> None:
    options = {"depth_model": "densedepth-lite", "depth_mode": mode}
    for name, changes in (
        ("one", {}),
        ("three", {"workers": 3}),
        ("grown", {"samples": 40}),
        ("grown", {}),
    ):
        build_dataset(everything_options(pictures, tmp_path / name, **options, **changes))
    assert files_of(tmp_path / "one") == files_of(tmp_path / "three")
    assert files_of(tmp_path / "one") == files_of(tmp_path / "grown")


@pytest.mark.slow
def test_on_ray(plain: Path, pictures: Path, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    build_dataset(everything_options(pictures, tmp_path / "s", engine="ray", workers=2))
    assert files_of(tmp_path / "s") == files_of(plain)


def test_verify_draws_it_again(plain: Path) -> None:
    assert verify_dataset(plain, deep=True, workers=1).sound
