"""depthmask/models/opacity.py"""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from depthmask.models.opacity import (
    CUES,
    find_opacity_cues,
    hidden_pattern,
    least_opacity,
    opacity_of_colour,
)


def drawn(seed: int, side: int = 24) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Foreground colours, alpha and background, (1, 3 or 1, side, side) in [0, 1]."""
    generator = torch.Generator().manual_seed(seed)
    colour, background = torch.rand(2, 1, 3, side, side, generator=generator)
    return colour, torch.rand(1, 1, side, side, generator=generator), background


@given(st.integers(0, 2**31))
def test_the_least_opacity_never_exceeds_the_alpha(seed: int) -> None:
    colour, alpha, background = drawn(seed)
    least = least_opacity(alpha * colour + (1 - alpha) * background, background)
    assert bool((least <= alpha + 1e-5).all())


def test_the_least_opacity_of_a_black_foreground_is_its_alpha() -> None:
    _, alpha, background = drawn(1)
    background = 0.5 + background / 2
    least = least_opacity((1 - alpha) * background, background)
    assert float((least - alpha).abs().max()) < 0.05


@given(st.integers(0, 2**31))
def test_the_opacity_of_the_true_colour_is_the_alpha(seed: int) -> None:
    colour, alpha, background = drawn(seed)
    far = (colour - background).square().sum(1, keepdim=True) > 0.3
    found = opacity_of_colour(alpha * colour + (1 - alpha) * background, background, colour)
    assert float((found - alpha)[far].abs().max()) < 0.01


def test_a_lattice_of_one_colour_is_read_off_at_full_resolution() -> None:
    background = drawn(2, 64)[2] * 0.4 + 0.5
    alpha = torch.zeros(1, 1, 64, 64)
    alpha[:, :, 16:48, 16:48:3] = 1.0
    alpha[:, :, 16:48, 17:48:3] = 0.3
    colour = torch.tensor([0.1, 0.2, 0.1]).view(1, 3, 1, 1)
    cues, residuals = find_opacity_cues(alpha * colour + (1 - alpha) * background, background)
    assert float(residuals.max()) < 0.05
    assert cues.shape == (1, CUES, 64, 64)
    inside = cues[..., 16:48, 16:48] - alpha[..., 16:48, 16:48]
    assert float(inside[:, 2].abs().mean()) < 0.05


def test_many_colours_leave_doubts_about_one() -> None:
    colour, _, background = drawn(5, 48)
    _, residuals = find_opacity_cues(colour, background)
    assert float(residuals[:, 1].mean()) > 0.2


def test_a_shadow_shows_the_pattern_of_what_it_falls_on_and_a_solid_thing_hides_it() -> None:
    colour, _, background = drawn(4, 48)
    shadow = hidden_pattern(0.6 * background, background)
    assert float(shadow.mean()) == pytest.approx(0.4, abs=0.02)
    assert float(hidden_pattern(colour, background).mean()) > 0.85


@pytest.mark.parametrize("side", [1, 7, 33])
def test_cues_are_finite_and_within_range_at_any_size_also_where_nothing_changed(side: int) -> None:
    colour, _, background = drawn(3, side)
    for image in (colour, background, torch.zeros_like(background)):
        for behind in (background, torch.zeros_like(background), torch.ones_like(background)):
            for maps in find_opacity_cues(image, behind):
                assert bool(torch.isfinite(maps).all())
                assert 0 <= float(maps.min()) <= float(maps.max()) <= 1
