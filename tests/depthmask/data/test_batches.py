"""depthmask/data/batches.py, depthmask/data/augmentation.py and
depthmask/data/foreground_augmentation.py
"""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from small import draw_background, draw_foreground, small_options

from depthmask.data.augmentation import augment
from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples, train_batches
from depthmask.data.foreground_augmentation import cast_shadow, compress, recompose, repaint, weave
from pipeline.build import build_dataset
from shards.reading.dataset import Dataset
from shards.reading.open import open_dataset


@pytest.fixture
def train_split(tiny_dataset: Path) -> Dataset:
    return open_dataset(tiny_dataset).split("train")


def test_batches_hold_the_stored_pixels(train_split: Dataset) -> None:
    batch = DecodedSamples(train_split, (64, 64), 1).batch([5, 2])
    for row, position in enumerate((5, 2)):
        sample = train_split[position]
        stored = torch.from_numpy(sample.image.copy()).permute(2, 0, 1) / 255
        assert torch.allclose(batch.image[row], stored)
        assert torch.allclose(batch.mask[row, 0], torch.from_numpy(sample.mask.copy()) / 255)
        assert np.abs(batch.depth[row, 0].numpy() - sample.depth_unit).max() < 2e-5


def test_other_sizes_are_scaled(train_split: Dataset) -> None:
    batch = DecodedSamples(train_split, (48, 48), 1).batch(range(4))
    assert batch.image.shape == (4, 3, 48, 48)
    assert batch.depth.shape == (4, 1, 48, 48)


def test_backgrounds_of_one_name_in_two_data_sets_are_scaled_apart(
    tiny_dataset: Path, tmp_path: Path
) -> None:
    name = open_dataset(tiny_dataset).split("train")[0].info["background"]
    for role, draw, file in (("fg", draw_foreground, "a.png"), ("bg", draw_background, name)):
        (tmp_path / role / file).parent.mkdir(parents=True)
        draw(77).save(tmp_path / role / file)
    out, teacher = tmp_path / "shards", "densedepth-lite"
    build_dataset(small_options(tmp_path, out, samples=4, val_fraction=0, depth_model=teacher))
    both = open_dataset([tiny_dataset, out]).split("train")
    source = DecodedSamples(both, (32, 32), 1)
    for position, sample in enumerate(both):
        scaled = Image.fromarray(sample.background).resize((32, 32), Image.Resampling.HAMMING)
        found = source.packed([position])[0, 3:6].transpose(1, 2, 0)
        assert np.array_equal(found, np.asarray(scaled))
    assert sum(sample.info["background"] == name for sample in both) > 4


def test_augmentation_depends_on_seed_epoch_and_position_alone(train_split: Dataset) -> None:
    source = DecodedSamples(train_split, (64, 64), 1)
    together = augment(source.batch([1, 2, 3]), 7, 4)
    alone = augment(source.batch([2]), 7, 4)
    assert torch.allclose(together.image[1], alone.image[0], atol=1e-6)
    assert torch.allclose(together.depth[1], alone.depth[0], atol=1e-6)
    other = augment(source.batch([2]), 7, 5)
    assert not torch.allclose(other.image, alone.image)


def test_one_geometry_moves_pictures_mask_and_depth_alike() -> None:
    ramp = torch.linspace(0.2, 0.8, 64).repeat(64, 1)[None, None]  # (1, 1, 64, 64)
    for epoch in range(6):
        batch = Batch(
            image=ramp.repeat(1, 3, 1, 1),
            background=ramp.repeat(1, 3, 1, 1),
            mask=torch.zeros_like(ramp),
            depth=ramp.clone(),
            depth_known=torch.tensor([True]),
            positions=np.array([3]),
        )
        moved = augment(batch, 0, epoch)
        slope = moved.depth[0, 0].mean(0).diff()
        for picture in (moved.image, moved.background):
            for channel in picture[0]:
                assert torch.equal(channel.mean(0).diff().sign()[2:-2], slope.sign()[2:-2])


def composite(seed: int, alpha: float) -> tuple[Batch, torch.Tensor]:
    """A batch of one composite made by the formula, and its foreground (1, 3, 32, 32)."""
    generator = torch.Generator().manual_seed(seed)
    foreground, background = torch.rand(2, 1, 3, 32, 32, generator=generator) * 0.5
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 8:24, 4:28] = alpha
    batch = Batch(
        image=mask * foreground + (1 - mask) * background,
        background=background,
        mask=mask,
        depth=torch.full_like(mask, 0.4),
        depth_known=torch.tensor([True]),
        positions=np.array([seed]),
    )
    return batch, foreground


@given(st.integers(0, 99), st.floats(0.1, 1), st.floats(0, 1), st.floats(0.5, 1.5))
def test_recomposing_gives_the_composite_of_the_other_foreground(
    seed: int, alpha: float, kept: float, gain: float
) -> None:
    batch, foreground = composite(seed, alpha)
    pattern = torch.full((1, 1, 32, 32), kept)
    other = recompose(batch, pattern, torch.full((1, 3, 1, 1), gain))
    mask = kept * batch.mask
    colour = foreground * (1 + batch.mask * (gain - 1))
    expected = mask * colour + (1 - mask) * batch.background
    assert torch.allclose(other.mask, mask)
    assert torch.allclose(other.image, expected, atol=1e-5)


def test_keeping_everything_changes_nothing() -> None:
    batch, _ = composite(1, 0.7)
    same = recompose(batch, torch.ones(1, 1, 32, 32), torch.ones(1, 3, 1, 1))
    assert torch.allclose(same.image, batch.image, atol=1e-6)
    assert torch.equal(same.mask, batch.mask)


@given(st.integers(0, 99), st.floats(0.1, 1), st.floats(0, 1))
def test_repainting_gives_the_composite_of_a_foreground_in_another_colour(
    seed: int, alpha: float, share: float
) -> None:
    batch, foreground = composite(seed, alpha)
    colour = torch.tensor([0.9, 0.1, 0.4]).view(1, 3, 1, 1)
    other = repaint(batch, colour, torch.full((1, 1, 1, 1), share))
    painted = (1 - share) * foreground + share * colour
    expected = batch.mask * painted + (1 - batch.mask) * batch.background
    assert torch.equal(other.mask, batch.mask)
    assert torch.allclose(other.image, expected, atol=1e-5)


@given(st.integers(0, 99), st.floats(0, 1), st.floats(0, 1))
def test_a_cast_shadow_is_a_black_layer_between_foreground_and_background(
    seed: int, alpha: float, shade: float
) -> None:
    batch, foreground = composite(seed, alpha)
    other = cast_shadow(batch, torch.full((1, 1, 32, 32), shade))
    shaded = (1 - shade) * batch.background
    assert torch.allclose(
        other.image, batch.mask * foreground + (1 - batch.mask) * shaded, atol=1e-5
    )
    seen_through = (1 - batch.mask) * (1 - shade)
    assert torch.allclose(1 - other.mask, seen_through, atol=1e-6)


@given(st.integers(0, 99), st.floats(0.1, 1))
def test_weaving_changes_the_foreground_alone(seed: int, alpha: float) -> None:
    batch, _ = composite(seed, alpha)
    draws = torch.rand(1, 6, generator=torch.Generator().manual_seed(seed))
    woven = weave(batch, draws)
    outside = (batch.mask == 0).expand_as(batch.image)
    assert torch.equal(woven.mask, batch.mask)
    assert torch.allclose(woven.image[outside], batch.background[outside], atol=1e-6)
    assert not torch.allclose(woven.image[~outside], batch.image[~outside], atol=1e-2)


@pytest.mark.parametrize("share", [0.0, 0.999])
def test_compressed_composites_differ_by_the_noise_of_jpeg(
    train_split: Dataset, share: float
) -> None:
    images = DecodedSamples(train_split, (64, 64), 1).batch(range(6)).image
    stored, chosen = images.clone(), torch.tensor([True, False] * 3)
    compress(stored, chosen, torch.full((6,), share))
    noise = (stored - images).abs()
    assert 0.001 < float(noise[chosen].mean()) < 0.05
    assert not noise[~chosen].any()


def test_depth_is_a_target_only_where_the_foreground_is_whole() -> None:
    known = []
    for seed in range(40):
        batch, _ = composite(seed, 1.0)
        moved = augment(batch, 0, 0)
        whole = bool(moved.depth_known[0])
        known.append(whole)
        assert torch.allclose(moved.depth, torch.tensor(0.4))
        if whole:
            assert float(moved.mask.max()) == pytest.approx(1, abs=1e-5)
    assert 20 < sum(known) < 40


def test_an_epoch_shows_every_sample_once_in_an_order_of_its_own(train_split: Dataset) -> None:
    source = DecodedSamples(train_split, (32, 32), 2)
    orders = []
    for epoch in (0, 1):
        batches = list(train_batches(source, seed=0, epoch=epoch, batch_size=6))
        orders.append(np.concatenate([batch.positions for batch in batches]).tolist())
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(36))
    assert orders[0] != orders[1]


def test_stopping_early_leaves_no_thread_behind(train_split: Dataset) -> None:
    import threading

    before = threading.active_count()
    batches = train_batches(DecodedSamples(train_split, (32, 32), 1), seed=0, epoch=0, batch_size=4)
    next(batches)
    batches.close()
    assert threading.active_count() <= before + 1  # the pool's own


def test_an_error_while_decoding_reaches_the_trainer(tiny_dataset: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_dataset, tmp_path / "shards")
    train_split = open_dataset(tmp_path / "shards").split("train")
    for shard in (tmp_path / "shards").glob("train-*.tar"):
        shard.unlink()
    source = DecodedSamples(train_split, (32, 32), 1)
    with pytest.raises((OSError, RuntimeError, ValueError)):
        list(train_batches(source, seed=0, epoch=0, batch_size=4))
