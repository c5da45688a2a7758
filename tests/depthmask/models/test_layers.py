"""depthmask/models/layers.py: windows are those of torch's pooling, sides become multiples, and
gradients in half precision are those of float32, but for rounding
"""

import copy

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from depthmask.models.device import autocast
from depthmask.models.layers import (
    correct_bfloat16_gradients,
    crop,
    pad_to_multiple,
    sum_windows,
    window_means,
    window_minima,
)
from depthmask.models.systems.parts import separable

CPU = torch.device("cpu")


def maps_of(height: int, width: int) -> torch.Tensor:
    return torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(height))


@pytest.mark.parametrize(("height", "width"), [(7, 9), (32, 32), (40, 17)])
def test_windows_are_those_of_torchs_pooling(height: int, width: int) -> None:
    maps = maps_of(height, width)
    assert torch.allclose(sum_windows(maps, 7), 49 * F.avg_pool2d(maps, 7, 1), rtol=1e-5)
    means = F.avg_pool2d(maps, 5, 1, 2, count_include_pad=False)
    assert torch.allclose(window_means(maps, 5), means, rtol=1e-5)
    assert torch.equal(window_minima(maps, 3), -F.max_pool2d(-maps, 3, 1, 1))


def test_gradients_of_window_sums_are_those_of_torchs_pooling() -> None:
    maps = maps_of(12, 15).requires_grad_()
    weight = maps_of(6, 9)
    (ours,) = torch.autograd.grad((sum_windows(maps, 7) * weight).sum(), maps)
    (theirs,) = torch.autograd.grad((49 * F.avg_pool2d(maps, 7, 1) * weight).sum(), maps)
    assert torch.allclose(ours, theirs, rtol=1e-4, atol=1e-5)


@given(st.integers(1, 70), st.integers(1, 70), st.sampled_from([1, 4, 16, 28, 32]))
def test_sides_become_the_least_multiples_and_come_back(h: int, w: int, multiple: int) -> None:
    picture = torch.arange(2 * h * w, dtype=torch.float32).view(1, 2, h, w)
    padded = pad_to_multiple(picture, multiple)
    for side, given_side in zip(padded.shape[-2:], (h, w), strict=True):
        assert side % multiple == 0
        assert given_side <= side < given_side + multiple
    assert torch.equal(crop(padded, h, w), picture)
    assert torch.equal(padded[..., -1, -1], picture[..., -1, -1])


def weight_gradients(network: nn.Module, maps: torch.Tensor, precision: str) -> list[torch.Tensor]:
    with autocast(CPU, precision):
        answer = network(maps).float()
    answer.backward(torch.linspace(-1, 2, answer.numel()).view_as(answer))
    return [parameter.grad for parameter in network.parameters() if parameter.grad is not None]


@pytest.mark.parametrize("dilation", [1, 2, 3])
def test_gradients_in_bfloat16_are_those_of_float32(dilation: int) -> None:
    """At 40 pixels: below 32, oneDNN takes another way, which is right."""
    torch.manual_seed(0)
    network = separable(64, 16, dilation=dilation, bias=True).to(memory_format=torch.channels_last)
    exact = copy.deepcopy(network)
    correct_bfloat16_gradients(network)
    maps = torch.rand(2, 64, 40, 40)
    pairs = zip(
        weight_gradients(network, maps, "bfloat16"),
        weight_gradients(exact, maps, "float32"),
        strict=True,
    )
    for found, expected in pairs:
        assert float((found - expected).norm()) < 0.02 * float(expected.norm())


def test_weights_keep_their_names_and_values() -> None:
    network = nn.Sequential(separable(8, 4, dilation=2), separable(4, 2))
    other = copy.deepcopy(network)
    correct_bfloat16_gradients(other)
    kept = other.state_dict()
    assert list(kept) == list(network.state_dict())
    assert all(torch.equal(kept[name], value) for name, value in network.state_dict().items())
    maps = torch.rand(1, 8, 9, 9)
    assert torch.equal(network(maps), other(maps))
    assert torch.equal(network(maps), copy.deepcopy(other)(maps))
