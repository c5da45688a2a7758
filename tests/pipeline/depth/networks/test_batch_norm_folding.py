"""pipeline/depth/networks/batch_norm_folding.py"""

import pytest
import torch
from torch import nn

from pipeline.depth.networks.backbones import build_backbone
from pipeline.depth.networks.batch_norm_folding import fuse_batch_norms


def settled(network: nn.Module) -> nn.Module:
    """The network with running statistics and scales unlike the first ones."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.copy_(torch.randn(module.num_features, generator=generator) / 5)
            module.running_var.copy_(0.5 + torch.rand(module.num_features, generator=generator))
    return network.eval()


def norms(network: nn.Module) -> int:
    return sum(isinstance(module, nn.BatchNorm2d) for module in network.modules())


@pytest.mark.parametrize("name", ["tf_efficientnet_lite0", "resnet18", "mobilenetv3_small_050"])
@torch.no_grad()
def test_a_fused_encoder_gives_the_same_maps_without_batch_norms(name: str) -> None:
    network = settled(build_backbone(name, pretrained=False))
    fused = fuse_batch_norms(network)
    picture = torch.randn(2, 3, 96, 64, generator=torch.Generator().manual_seed(1))
    for plain, quick in zip(network(picture), fused(picture), strict=True):
        torch.testing.assert_close(quick, plain, rtol=1e-3, atol=1e-3)
    assert norms(fused) == 0
    assert norms(network) > 0


class NormFirst(nn.Module):
    """Lists a convolution before the normalisation that its forward pass runs first."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        return [self.conv(self.norm(x))]


@torch.no_grad()
def test_a_network_that_runs_otherwise_than_it_lists_is_copied_unfused() -> None:
    network = settled(NormFirst())
    copy = fuse_batch_norms(network)
    picture = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(copy(picture)[0], network(picture)[0])
    assert norms(copy) == 1
