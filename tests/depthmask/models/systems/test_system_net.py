"""depthmask/models/systems/net.py, depthmask/models/build.py: the earlier systems behind the
face of depthmask's network
"""

import dataclasses

import pytest
import torch

from depthmask.models.build import build_network
from depthmask.models.catalogue import SYSTEMS
from depthmask.models.network_spec import NetworkSpec
from depthmask.models.systems.net import SystemNet


def system(name: str) -> SystemNet:
    """A system's network with weights of seed 0."""
    half = (0.5, 0.5, 0.5)
    torch.manual_seed(0)
    return SystemNet(
        NetworkSpec(
            network=name,
            backbone="",
            heads=SYSTEMS[name].heads,
            image_mean=half,
            image_std=half,
            background_mean=half,
            background_std=half,
        )
    )


def pair(height: int, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    image, background = torch.rand(2, 1, 3, height, width, generator=generator)
    return image, background


@pytest.mark.parametrize("name", SYSTEMS)
def test_any_size_is_answered_at_that_size(name: str) -> None:
    with torch.device("meta"):
        network = system(name).eval()
    output = network(*(picture.to("meta") for picture in pair(35, 50)))
    heads = SYSTEMS[name].heads
    assert (output.mask is None, output.depth is None) == (heads == "depth", heads == "mask")
    for maps in output:
        assert maps is None or maps.shape == (1, 1, 35, 50)


@pytest.mark.parametrize("name", ["A-mask", "B"])
def test_padding_changes_nothing_where_none_is_needed(name: str) -> None:
    network = system(name).eval()
    image, background = pair(16, 24)
    with torch.inference_mode():
        found = network(image, background)
        bare = network.network((image - 0.5) / 0.5, (background - 0.5) / 0.5)
    assert torch.equal(found.mask, bare.mask)


def test_a_head_that_is_not_wanted_is_left_out() -> None:
    network = SystemNet(dataclasses.replace(system("B").spec, heads="mask")).eval()
    with torch.inference_mode():
        output = network(*pair(16, 16))
    assert output.mask is not None
    assert output.depth is None


def test_an_unknown_network_is_refused() -> None:
    with pytest.raises(ValueError, match="no network is called U2"):
        build_network(dataclasses.replace(system("B").spec, network="U2"))
