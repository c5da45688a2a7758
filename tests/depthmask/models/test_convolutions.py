"""depthmask/models/convolutions.py: gradients in half precision are those of float32, but for
rounding
"""

import copy

import pytest
import torch
from torch import nn

from depthmask.models.convolutions import correct_bfloat16_gradients
from depthmask.models.device import autocast
from depthmask.models.systems.parts import separable

CPU = torch.device("cpu")


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
