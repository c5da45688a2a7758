"""shards/reading/sample.py, split_sequence.py, carried.py: samples as training programs use them:
by any index, written to, pickled, and sent to a DataLoader by its workers
"""

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small import draw_background, draw_foreground, small_options
from torch.utils.data import DataLoader

from pipeline.build import BuildResult, build_dataset
from pipeline.rendering.on_the_fly import open_on_the_fly
from shards.base.errors import InputError, RunError
from shards.reading.dataset import Dataset
from shards.reading.open import open_dataset
from shards.reading.sample import Sample
from shards.reading.split_sequence import SplitSequence

PIXELS = ("image", "mask", "background")


@pytest.fixture(scope="module")
def kinds(
    sources: Path, tiny_dataset: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, SplitSequence]:
    """A stored data set with depth, two that are joined, a drawn one with depth, one inline."""
    root = tmp_path_factory.mktemp("kinds")
    for role, draw in (("fg", draw_foreground), ("bg", draw_background)):
        (root / role).mkdir()
        for seed in range(60, 63):
            draw(seed).save(root / role / f"{seed}.png")
    others = small_options(root, root / "others", samples=20)
    inline = small_options(sources, root / "inline", samples=20, inline_backgrounds=True)
    plain = small_options(sources, root / "plain", samples=40)
    drawn = small_options(sources, root / "nothing", samples=48, depth_model="densedepth-lite")
    return {
        "stored": open_dataset(tiny_dataset),
        "joined": open_dataset([build_dataset(plain).out, build_dataset(others).out]),
        "drawn": open_on_the_fly(drawn),
        "inline": open_dataset(build_dataset(inline).out),
    }


@pytest.fixture
def dataset(plain_build: BuildResult) -> Dataset:
    return open_dataset(plain_build.out)


KINDS = ["stored", "joined", "drawn", "inline"]


def pixels_of(sample: Sample) -> list[np.ndarray[Any, Any]]:
    depth = ("depth_codes", "depth_unit", "depth") if sample.coding is not None else ()
    return [getattr(sample, name) for name in (*PIXELS, *depth)]


def require_same(one: Sample, other: Sample) -> None:
    assert (one.key, one.info, one.fields) == (other.key, other.info, other.fields)
    for first, second in zip(pixels_of(one), pixels_of(other), strict=True):
        assert first.dtype == second.dtype
        assert np.array_equal(first, second)


@pytest.mark.parametrize("kind", KINDS)
def test_an_array_that_is_written_to_changes_no_other_sample(
    kind: str, kinds: dict[str, SplitSequence]
) -> None:
    samples = kinds[kind].split("train")
    before = [[pixels.copy() for pixels in pixels_of(sample)] for sample in samples]
    for sample in samples:
        for pixels in pixels_of(sample):
            pixels[...] = 0
        assert all((pixels == 0).all() for pixels in pixels_of(sample))  # its own stay written
    for sample, expected in zip(samples, before, strict=True):
        assert all(map(np.array_equal, pixels_of(sample), expected))


@pytest.mark.parametrize("kind", KINDS)
def test_torch_takes_every_array_without_a_word(kind: str, kinds: dict[str, SplitSequence]) -> None:
    for pixels in pixels_of(kinds[kind][0]):
        torch.from_numpy(pixels)  # warns, which is an error here, where an array is read-only


def test_a_background_that_samples_share_is_one_array_that_cannot_be_written(
    dataset: Dataset,
) -> None:
    name = dataset[0].info["background"]
    sharing = [sample for sample in dataset if sample.info["background"] == name]
    assert len(sharing) > 1
    assert len({id(sample.shared_background) for sample in sharing}) == 1
    with pytest.raises(ValueError, match="read-only"):
        dataset.background(name)[0] = 0


def test_moments_that_are_written_to_stay_as_they_were(kinds: dict[str, SplitSequence]) -> None:
    for kind in ("stored", "joined"):
        kinds[kind].stats["splits"]["train"]["image"]["mean"].clear()
        assert len(kinds[kind].split("train").stats["splits"]["train"]["image"]["mean"]) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickled_sample_is_the_same_and_small(kind: str, kinds: dict[str, SplitSequence]) -> None:
    for index in (0, -1):
        data = pickle.dumps(kinds[kind][index])
        assert len(data) < 30_000
        require_same(pickle.loads(data), kinds[kind][index])
        require_same(pickle.loads(pickle.dumps(pickle.loads(data))), kinds[kind][index])


def test_a_pickled_sample_takes_along_what_was_written_to_it(dataset: Dataset) -> None:
    sample = dataset[0]
    for name in ("image", "background"):
        getattr(sample, name)[...] = 7
    again = pickle.loads(pickle.dumps(sample))
    assert (again.image == 7).all()
    assert (again.background == 7).all()
    assert np.array_equal(again.mask, dataset[0].mask)


def test_a_pickled_sample_tells_what_could_not_be_read_where_it_is_asked_for(
    plain_build: BuildResult, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    (copy / "background-000000.tar").write_bytes(b"")
    again = pickle.loads(pickle.dumps(open_dataset(copy)[0]))
    assert np.array_equal(again.image, open_dataset(plain_build.out)[0].image)
    with pytest.raises(RunError, match=r"background-000000\.tar"):
        _ = again.background


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickled_data_set_reads_the_same(kind: str, kinds: dict[str, SplitSequence]) -> None:
    for whole in (kinds[kind], kinds[kind].split("val")):
        again = pickle.loads(pickle.dumps(whole))
        assert len(again) == len(whole)
        require_same(again[-1], whole[-1])


def test_indices_are_those_of_a_list(kinds: dict[str, SplitSequence]) -> None:
    samples = kinds["joined"].split("train")
    keys = [sample.key for sample in samples]
    for index in (3, np.int64(3), np.uint8(3), torch.tensor(3), np.array(3), -2, np.int16(-2)):
        sample = samples[index]
        assert sample.key == keys[index]
        assert type(sample.position) is int
    for part in (slice(2, 5), slice(None, None, -3), slice(np.int64(-4), None), slice(50, 9)):
        assert [sample.key for sample in samples[part]] == keys[part]
    for wrong in (1.0, "3", None, torch.tensor(1.0), np.array([1, 2])):
        with pytest.raises(TypeError):
            samples[wrong]  # type: ignore[index]


@pytest.mark.parametrize("kind", KINDS)
def test_a_position_that_a_split_lacks_is_an_index_error(
    kind: str, kinds: dict[str, SplitSequence]
) -> None:
    samples = kinds[kind]
    count = len(samples.split("train"))
    assert samples.sample("train", np.int64(count - 1)).position == samples[count - 1].position
    for position in (10**9, count, -1, np.int64(10**12)):
        with pytest.raises(IndexError, match=f"position {position} of train, which has {count}"):
            samples.sample("train", position)
    with pytest.raises(InputError, match="expected train, val or test, found 'best'"):
        samples.sample("best", 0)


def collate(samples: list[Sample]) -> tuple[torch.Tensor, list[Sample]]:
    """Pictures as training programs stack them; the samples, too, are sent."""
    pictures = torch.stack([torch.from_numpy(s.image).permute(2, 0, 1) for s in samples])
    return pictures, samples


def require_loaded(samples: SplitSequence, workers: int, start: str | None) -> None:
    loader = DataLoader(
        samples,  # type: ignore[arg-type]
        batch_size=5,
        shuffle=True,
        collate_fn=collate,
        num_workers=workers,
        multiprocessing_context=start,
        timeout=120 if workers else 0,
    )
    expected = {sample.key: sample for sample in samples}
    seen = 0
    for pictures, loaded in loader:
        for picture, sample in zip(pictures, loaded, strict=True):
            assert np.array_equal(picture.permute(1, 2, 0).numpy(), sample.image)
            require_same(sample, expected[sample.key])
            seen += 1
    assert seen == len(samples)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("workers", "start"), [(0, None), (2, "fork")])
@pytest.mark.parametrize("kind", ["stored", "drawn", "inline"])
def test_a_data_loader_gives_every_sample(
    kind: str, workers: int, start: str | None, kinds: dict[str, SplitSequence]
) -> None:
    require_loaded(kinds[kind].split("train"), workers, start)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["stored", "drawn"])
def test_a_data_loader_that_spawns_its_workers_gives_every_sample(
    kind: str, kinds: dict[str, SplitSequence]
) -> None:
    require_loaded(kinds[kind].split("train"), 2, "spawn")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("workers", "start"), [(0, None), (2, "fork")])
def test_so_does_one_over_joined_data_sets(
    workers: int, start: str | None, kinds: dict[str, SplitSequence]
) -> None:
    loader = DataLoader(
        kinds["joined"].split("train"),  # type: ignore[arg-type]
        batch_size=7,
        collate_fn=collate,
        num_workers=workers,
        multiprocessing_context=start,
        timeout=120 if workers else 0,
    )
    loaded = [sample for _, samples in loader for sample in samples]
    for one, other in zip(loaded, kinds["joined"].split("train"), strict=True):
        require_same(one, other)


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_worker_that_meets_damage_reports_it(plain_build: BuildResult, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(plain_build.out, tmp_path / "copy"))
    (copy / "train-000002.tar").write_bytes(b"")
    loader = DataLoader(
        open_dataset(copy).split("train"),  # type: ignore[arg-type]
        batch_size=None,
        num_workers=2,
        multiprocessing_context="fork",
        timeout=120,
    )
    with pytest.raises(RuntimeError, match=r"train-000002\.tar: expected a whole shard"):
        list(loader)
