"""depthmask/data/augmentation.py and depthmask/data/foreground_augmentation.py: any shape, and
samples without any object
"""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from depthmask.data.augmentation import augment
from depthmask.data.batch import Batch
from depthmask.data.foreground_augmentation import _transposed, shade

sides = st.integers(17, 60)


def drawn(height: int, width: int, count: int = 8, *, holds: bool = True, seed: int = 0) -> Batch:
    """Composites of a bright box over noise, or of nothing over it."""
    generator = torch.Generator().manual_seed(seed)
    background = torch.rand(count, 3, height, width, generator=generator) * 0.6 + 0.1
    mask = torch.zeros(count, 1, height, width)
    if holds:
        mask[..., height // 4 : height // 2, width // 4 : width // 2] = 1
    return Batch(
        image=mask * 0.9 + (1 - mask) * background,
        background=background,
        mask=mask,
        depth=torch.linspace(0.2, 0.8, width).expand(count, 1, height, width).clone(),
        depth_known=torch.ones(count, dtype=torch.bool),
        positions=np.arange(count) + 1000 * seed,
    )


@settings(max_examples=20)
@given(sides, sides, st.integers(0, 50))
def test_pictures_of_any_shape_keep_it_and_stay_in_range(h: int, w: int, epoch: int) -> None:
    batch = augment(drawn(h, w), 5, epoch)
    assert batch.image.shape == batch.background.shape == (8, 3, h, w)
    assert batch.mask.shape == batch.depth.shape == (8, 1, h, w)
    for planes in (batch.image, batch.background, batch.mask, batch.depth):
        assert planes.isfinite().all()
        assert float(planes.min()) >= 0
        assert float(planes.max()) <= 1


@pytest.mark.parametrize("shape", [(24, 72), (72, 24)])
def test_pictures_that_are_not_square_are_cropped_mirrored_and_given_patterns(
    shape: tuple[int, int],
) -> None:
    """Each happens within some epochs: widths and cells are not those of the shorter side alone."""
    kept, mirrored, cropped = 0, 0, 0
    for epoch in range(12):
        batch = augment(drawn(*shape), 3, epoch)
        slope = batch.depth[:, 0].diff(dim=-1).mean((1, 2))
        mirrored += int((slope < 0).sum())
        span = 0.6 / (shape[1] - 1)
        cropped += int((slope.abs() < 0.97 * span).sum())
        kept += int((~batch.depth_known).sum())
    assert 30 < mirrored < 66  # of 96, a half
    assert 20 < cropped < 60  # four in ten
    assert 5 < kept < 45


@settings(max_examples=20)
@given(sides, sides)
def test_a_turned_pattern_is_the_transposed_one_where_both_have_pixels(h: int, w: int) -> None:
    pictures = torch.rand(2, 3, h, w)
    turned = _transposed(pictures)
    common = min(h, w)
    assert turned.shape == pictures.shape
    expected = pictures.transpose(2, 3)[..., :common, :common]
    assert torch.equal(turned[..., :common, :common], expected)
    assert set(turned.unique().tolist()) <= set(pictures.unique().tolist())


@settings(max_examples=30)
@given(sides, sides, st.integers(0, 50))
def test_a_sample_without_objects_stays_without_and_its_depth_stays_known(
    h: int, w: int, epoch: int
) -> None:
    batch = augment(drawn(h, w, holds=False), 5, epoch)
    assert not batch.mask.any()
    assert batch.depth_known.all()
    assert batch.image.isfinite().all()
    assert float((batch.image - batch.background).abs().mean()) < 0.12  # light and JPEG alone


def test_depth_of_what_has_no_target_stays_unknown_without_objects() -> None:
    batch = drawn(32, 32, holds=False)
    batch.depth_known[:] = False
    assert not augment(batch, 5, 1).depth_known.any()


@pytest.mark.parametrize("holds", [True, False])
def test_a_shadow_falls_only_where_something_stands(holds: bool) -> None:
    batch = drawn(40, 30, holds=holds)
    shaded = shade(batch, torch.full((8, 7), 0.5))
    assert bool((shaded.mask.sum((1, 2, 3)) > batch.mask.sum((1, 2, 3)) + 1).all()) == holds
    assert torch.equal(shaded.image, batch.image) != holds
