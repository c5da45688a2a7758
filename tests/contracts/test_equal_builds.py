"""One data set of 2,600 samples by every way there is: grown, in parts, through another store"""

from pathlib import Path

import pytest
from small import files_of, small_options

from pipeline.build import build_dataset
from pipeline.convert import convert_dataset

pytestmark = pytest.mark.slow

SIZES = {"size": 16, "placements": 400, "samples_per_shard": 100}


@pytest.fixture(scope="module")
def plain(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("plain") / "shards"
    return build_dataset(small_options(sources, out, samples=2600, **SIZES)).out


def test_growth_from_1200_samples(plain: Path, sources: Path, tmp_path: Path) -> None:
    for samples in (1200, 2600):
        build_dataset(small_options(sources, tmp_path / "grown", samples=samples, **SIZES))
    assert files_of(tmp_path / "grown") == files_of(plain)


@pytest.mark.parametrize("order", ["012", "210", "120"])
def test_three_parts(order: str, plain: Path, sources: Path, tmp_path: Path) -> None:
    for index in order:
        options = {"samples": 2600, "part": f"{index}/3", **SIZES}
        last = build_dataset(small_options(sources, tmp_path / "parts", **options))
    assert last.shards_missing == 0
    assert files_of(tmp_path / "parts") == files_of(plain)


def test_tar_to_lmdb_to_tar(plain: Path, sources: Path, tmp_path: Path) -> None:
    convert_dataset(plain, tmp_path / "lmdb", "lmdb", workers=1)
    convert_dataset(tmp_path / "lmdb", tmp_path / "tar", "tar", workers=1)
    assert files_of(tmp_path / "tar") == files_of(plain)
    options = small_options(sources, tmp_path / "built", samples=2600, format="lmdb", **SIZES)
    assert files_of(build_dataset(options).out) == files_of(tmp_path / "lmdb")
