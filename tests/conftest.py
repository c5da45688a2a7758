"""Pictures, data sets and a run made on the spot, so that tests need nothing but the project."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from labelled_sources import draw_labelled_sources, labelled_options
from small import OUTSIDE, draw_background, draw_foreground, small_options, small_training

from depthmask.distributed.stops import ENDS
from depthmask.training.loop import train
from pipeline.build import BuildResult, build_dataset

settings.register_profile("no clock", deadline=None)  # other work may hold a test up

settings.load_profile("no clock")


@pytest.fixture(autouse=True)
def _signals_are_put_back() -> Iterator[None]:
    """A command that a test runs in this process keeps its answers to signals, or ignores them."""
    before = {each: signal.getsignal(each) for each in ENDS}
    yield
    for each, answer in before.items():
        signal.signal(each, answer)


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with fg/*.png (5, soft alpha) and bg/*.png (4)."""
    root = tmp_path_factory.mktemp("sources")
    for role, count, draw in (
        ("fg", OUTSIDE[0], draw_foreground),
        ("bg", OUTSIDE[1], draw_background),
    ):
        (root / role).mkdir()
        for seed in range(count):
            draw(seed).save(root / role / f"{role}{seed}.png")
    return root


@pytest.fixture(scope="session")
def plain_build(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """A finished tar data set without depth: 120 samples of 64 px, 25 a shard."""
    return build_dataset(small_options(sources, tmp_path_factory.mktemp("plain") / "shards"))


@pytest.fixture(scope="session")
def lmdb_build(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """The plain build as LMDB, built as such."""
    out = tmp_path_factory.mktemp("lmdb") / "shards"
    return build_dataset(small_options(sources, out, format="lmdb"))


@pytest.fixture(scope="session")
def labelled_build(tmp_path_factory: pytest.TempPathFactory) -> BuildResult:
    """100 samples of up to five objects in three categories, 96 x 72 pixels, without depth."""
    root = tmp_path_factory.mktemp("labelled")
    return build_dataset(labelled_options(draw_labelled_sources(root), root / "shards"))


@pytest.fixture(scope="session")
def built(plain_build: BuildResult, lmdb_build: BuildResult) -> dict[str, Path]:
    """The plain build in both stores: 4 train shards, 2 val shards, 1 of backgrounds."""
    return {"tar": plain_build.out, "lmdb": lmdb_build.out}


@pytest.fixture(scope="session")
def tiny_dataset(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished tar data set with depth by the shipped teacher: 48 samples of 64 px."""
    out = tmp_path_factory.mktemp("tiny") / "shards"
    build_dataset(small_options(sources, out, samples=48, depth_model="densedepth-lite"))
    return out


@pytest.fixture(scope="session")
def run(tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished run of two epochs."""
    out = tmp_path_factory.mktemp("runs") / "run"
    train(small_training(tiny_dataset, out))
    return out
