"""depthmask/models/systems/, network_facts.py: the earlier systems' networks, from their layer
tables
"""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from torch import nn

from depthmask.commands.cli import cli
from depthmask.models.catalogue import SINGLE, SYSTEMS, build_system, heads_within
from depthmask.models.network_facts import count_parameters, counting_calls, network_facts
from depthmask.models.systems.parts import clamp_unit
from depthmask.recipes.train_options import TrainOptions
from shards.base.errors import InputError

UNIQUE = {
    "A-depth": 396_067,
    "A-mask": 61_627,
    "B": 493_408,
    "C": 3_199_552,
    "D-depth": 67_569_473,
    "D-mask": 25_259_761,
    "E": 5_403_938,
}
PUBLISHED_OVER_CALLS = {"A-depth": 492_947, "A-mask": 197_558, "B": 677_824}
PARTS = {
    "D-depth": {
        "encoder": 23_508_032,
        "squeeze + decoder": 40_054_400,
        "project + fuse": 3_184_128,
        "refine": 822_913,
    },
    "D-mask": {"trunk": 15_880_752, "decoder + final": 9_379_009},
    "E": {"mask": 1_082_465, "depth": 4_321_473},
}
DRN_CLASSIFIER = 512 * 1000 + 1000


@pytest.fixture(scope="module")
def hollow() -> dict[str, nn.Module]:
    """Every system's network with shapes and no values."""
    with torch.device("meta"):
        return {name: build_system(name) for name in SYSTEMS}


@pytest.mark.parametrize("name", SYSTEMS)
def test_parameters_are_those_of_the_original(name: str, hollow: dict[str, nn.Module]) -> None:
    assert count_parameters(hollow[name]) == UNIQUE[name]


@pytest.mark.parametrize("name", PARTS)
def test_each_part_has_the_originals_parameters(name: str, hollow: dict[str, nn.Module]) -> None:
    found = {
        parts: sum(count_parameters(hollow[name].get_submodule(p)) for p in parts.split(" + "))
        for parts in PARTS[name]
    }
    assert found == PARTS[name]


def test_the_trunk_of_d_mask_with_a_classifier_is_the_published_network(
    hollow: dict[str, nn.Module],
) -> None:
    trunk = count_parameters(hollow["D-mask"].get_submodule("trunk"))
    assert trunk + DRN_CLASSIFIER == 16_393_752


@pytest.mark.parametrize("name", PUBLISHED_OVER_CALLS)
def test_sums_over_calls_are_the_published_ones(name: str) -> None:
    facts = network_facts(name, (64, 64))
    assert facts.parameters_over_calls == PUBLISHED_OVER_CALLS[name]
    assert facts.parameters == UNIQUE[name]


def test_a_layer_that_is_called_twice_counts_twice() -> None:
    shared = nn.Linear(3, 3)
    network = nn.Sequential(shared, nn.ReLU(), shared)
    with counting_calls(network) as counted:
        network(torch.zeros(1, 3))
    assert count_parameters(network) == 12
    assert sum(counted) == 24
    network(torch.zeros(1, 3))
    assert sum(counted) == 24


def test_the_command_names_every_network_once() -> None:
    line = ["networks", "--json", "--size", "32", "--backbone", "mobilenetv3_small_050"]
    facts = json.loads(CliRunner().invoke(cli, line).stdout)
    assert [each["name"] for each in facts] == ["timm mobilenetv3_small_050", *SYSTEMS]
    assert {each["name"]: each["parameters"] for each in facts[1:]} == UNIQUE
    assert all(each["flops"] > 0 for each in facts)
    assert {each["name"] for each in facts if each["input"] == SINGLE} == {"D-depth", "D-mask"}


def test_the_command_lists_the_default_backbone_where_none_is_named() -> None:
    facts = json.loads(CliRunner().invoke(cli, ["networks", "--json", "--size", "32"]).stdout)
    assert facts[0]["name"] == f"timm {TrainOptions(shards=Path('shards')).backbone}"


def test_flops_are_those_of_the_convolutions_counted_by_hand() -> None:
    convolutions = 6 * 16 + 16 * 16 + 2 * 16 * 16  # prepare, and the first block down
    convolutions += 16 * 32 + 32 * 32 + 32 * 64 + 64 * 64 + 64 * 128 + 128 * 128
    convolutions += 2 * (128 * 64 + 64 * 32 + 32 * 16)  # each up block twice
    convolutions += 16 * 3 + 3 * 3
    assert network_facts("A-depth", (64, 64)).flops == 2 * 9 * 64 * 64 * convolutions


def test_flops_of_a_rectangle_are_its_share_of_a_squares() -> None:
    square, half = (network_facts("D-mask", size).flops for size in ((64, 64), (64, 32)))
    assert half * 2 == square


def test_a_size_that_a_stride_does_not_divide_is_refused() -> None:
    with pytest.raises(InputError, match="expected multiples of 32, found 96x100"):
        network_facts("E", (96, 100))


def test_heads_are_those_that_are_wanted_and_given() -> None:
    assert heads_within("B", "both") == "both"
    assert heads_within("B", "mask") == "mask"
    assert heads_within("A-depth", "both") == "depth"
    with pytest.raises(InputError, match="--heads depth: expected mask or both"):
        heads_within("A-mask", "depth")


@pytest.mark.parametrize("name", ["A-depth", "A-mask", "B", "E"])
def test_every_weight_of_a_pair_network_learns_and_the_background_is_seen(name: str) -> None:
    torch.manual_seed(0)
    network = build_system(name)
    image, background = torch.rand(2, 2, 3, 32, 32)
    background.requires_grad_(True)
    output = network(image, background)
    assert output.depth is None or bool(((output.depth >= 0) & (output.depth <= 1)).all())
    torch.stack([maps.square().mean() for maps in output if maps is not None]).sum().backward()
    still = [n for n, p in network.named_parameters() if p.grad is None]
    assert still == []
    assert background.grad is not None
    assert bool(background.grad.any())


def test_clamped_values_keep_their_gradient() -> None:
    values = torch.tensor([-0.5, 0.25, 1.5], requires_grad=True)
    clamped = clamp_unit(values)
    clamped.sum().backward()
    assert clamped.tolist() == pytest.approx([0.0, 0.25, 1.0])
    assert values.grad is not None
    assert values.grad.tolist() == [1.0, 1.0, 1.0]
