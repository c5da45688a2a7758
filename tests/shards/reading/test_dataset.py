"""shards/reading/dataset.py and shards/reading/sample.py"""

import multiprocessing
import pickle
from pathlib import Path

import numpy as np
import pytest
from small import small_options

from pipeline.build import BuildResult, build_dataset
from shards.base.errors import InputError
from shards.reading.dataset import Dataset
from shards.reading.open import open_dataset
from shards.stores import shard_bytes
from shards.stores.shard_bytes import _Descriptors


@pytest.fixture
def dataset(plain_build: BuildResult) -> Dataset:
    return open_dataset(plain_build.out)


def test_train_comes_first_then_val(dataset: Dataset) -> None:
    assert (len(dataset), len(dataset.split("train")), len(dataset.split("val"))) == (120, 90, 30)
    assert dataset[0].key == "train-000000000"
    assert dataset[90].key == "val-000000000"
    assert dataset[-1].key == "val-000000029"
    assert dataset.split("val")[3].key == "val-000000003"
    assert [sample.position for sample in dataset[88:91]] == [88, 89, 0]


def test_positions_beyond_the_end_are_index_errors(dataset: Dataset) -> None:
    for index in (120, -121):
        with pytest.raises(IndexError):
            dataset[index]


def test_info_says_where_the_sample_comes_from(dataset: Dataset) -> None:
    sample = dataset.split("val")[7]
    info = sample.info
    assert (info["split"], info["position"]) == ("val", 7)
    (each,) = info["objects"]
    x, y, width, height = each["box"]
    outside = sample.mask.copy()
    outside[y : y + height, x : x + width] = 0
    assert outside.max() < 128 <= sample.mask.max()
    assert each["area"] == np.count_nonzero(sample.mask >= 128)
    splits = {s["name"]: s["split"] for s in dataset.manifest["sources"]["fg"]}
    assert splits[each["foreground"]] == "val"


def test_the_composite_is_the_background_where_the_mask_is_empty(dataset: Dataset) -> None:
    errors = []
    for sample in dataset:
        away = sample.mask == 0
        errors.append(np.abs(sample.image[away].astype(int) - sample.background[away]).mean())
    assert np.mean(errors) < 4  # two JPEGs of the same pixels, at quality 90


def _sum_in_a_child(dataset: Dataset, results: "multiprocessing.Queue[int]") -> None:
    results.put(sum(int(sample.image.sum()) for sample in dataset.split("val")))


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_dataset_survives_pickling_and_forking_after_it_was_read(dataset: Dataset) -> None:
    here = sum(int(sample.image.sum()) for sample in dataset.split("val"))
    again = pickle.loads(pickle.dumps(dataset))
    assert sum(int(sample.image.sum()) for sample in again.split("val")) == here
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    child = context.Process(target=_sum_in_a_child, args=(dataset, results))
    child.start()
    assert results.get(timeout=30) == here
    child.join()


def test_depth_is_refused_in_a_sentence_where_there_is_none(dataset: Dataset) -> None:
    for name in ("depth", "depth_unit", "depth_codes"):
        with pytest.raises(InputError, match="depth-model none"):
            getattr(dataset[0], name)


def test_depth_comes_as_codes_fractions_and_values(tiny_dataset: Path) -> None:
    dataset = open_dataset(tiny_dataset)
    assert dataset.depth is not None
    sample = dataset[5]
    assert sample.depth_codes.dtype == np.uint16
    assert sample.depth_codes.shape == (48, 48)
    assert sample.depth_unit.shape == sample.depth.shape == (64, 64)
    assert 0 <= sample.depth_unit.min() < sample.depth_unit.max() <= 1
    expected = dataset.depth.offset + dataset.depth.scale * 4095 * sample.depth_unit
    assert sample.depth == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("prepare", "found"),
    [(lambda folder: None, "plan.json: expected this file, found none"),
     (lambda folder: (folder / "plan.json").write_text("{"), "readable JSON"),
     (lambda folder: (folder / "plan.json").write_text('{"format": 9}'), "found format 9")],
)  # fmt: skip
def test_what_is_no_dataset_gets_a_sentence(prepare: object, found: str, tmp_path: Path) -> None:
    prepare(tmp_path)  # type: ignore[operator]
    with pytest.raises(InputError, match=found):
        open_dataset(tmp_path)


def test_an_unknown_split_gets_a_sentence(dataset: Dataset) -> None:
    with pytest.raises(InputError, match="expected train, val or test, found 'best'"):
        dataset.split("best")


def test_reading_goes_on_when_an_equal_build_has_replaced_every_shard(
    sources: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    descriptors = _Descriptors()
    descriptors._most = 1  # so that every shard is opened again
    monkeypatch.setattr(shard_bytes, "_DESCRIPTORS", descriptors)
    options = small_options(sources, tmp_path / "shards", samples=60)
    build_dataset(options)
    dataset = open_dataset(options.out)
    before = [(sample.image, sample.mask, sample.background) for sample in dataset]
    options.out.rename(tmp_path / "before")  # no file gets an inode that was there
    build_dataset(options)
    for sample, seen in zip(dataset, before, strict=True):
        for now, then in zip((sample.image, sample.mask, sample.background), seen, strict=True):
            assert np.array_equal(now, then)
