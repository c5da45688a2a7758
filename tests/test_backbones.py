"""Encoders by name: their maps, their weights, and what is said about names and files."""

from pathlib import Path

import pytest
import torch

from pipeline.backbones import build_backbone
from shards.errors import InputError


def test_maps_have_the_declared_channels_and_strides() -> None:
    backbone = build_backbone("tf_efficientnet_lite0", pretrained=False)
    maps = backbone(torch.zeros(1, 3, 64, 96))
    assert [m.shape[1] for m in maps] == list(backbone.channels)
    assert [(64 // m.shape[2], 96 // m.shape[3]) for m in maps] == [
        (stride, stride) for stride in backbone.strides
    ]


def test_imagenet_weights_come_without_a_network_and_differ_from_random_ones() -> None:
    trained = build_backbone("tf_efficientnet_lite0").eval()
    again = build_backbone("tf_efficientnet_lite0").eval()
    torch.manual_seed(0)
    pixels = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(trained(pixels)[-1], again(pixels)[-1])
    means = [b for n, b in trained.named_buffers() if n.endswith("running_mean")]
    assert all(mean.abs().max() > 0 for mean in means)


def test_a_stem_for_six_channels_answers_grey_as_the_three_channel_stem_does() -> None:
    three = build_backbone("tf_efficientnet_lite0").eval()
    six = build_backbone("tf_efficientnet_lite0", in_channels=6).eval()
    torch.manual_seed(1)
    grey = torch.randn(1, 1, 64, 64)
    with torch.no_grad():
        wanted = three(grey.expand(1, 3, 64, 64))[2]
        given = six(grey.expand(1, 6, 64, 64))[2]
    torch.testing.assert_close(given, wanted, atol=1e-4, rtol=1e-4)


def test_an_unknown_name_is_answered_with_near_matches() -> None:
    with pytest.raises(InputError, match="tf_efficientnet_lite0"):
        build_backbone("tf_efficientnet_light0")


def test_a_network_whose_maps_do_not_halve_is_refused() -> None:
    with pytest.raises(InputError, match="halve"):
        build_backbone("vit_tiny_patch16_224", pretrained=False)


def test_weights_of_another_network_are_refused_by_their_first_difference(tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    torch.save({"conv_stem.weight": torch.zeros(32, 3, 3, 3)}, path)
    with pytest.raises(InputError, match=r"bn1\.weight"):
        build_backbone("tf_efficientnet_lite0", pretrained=path)


def test_a_file_that_is_no_state_dict_gets_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"not weights at all")
    with pytest.raises(InputError, match="state dict"):
        build_backbone("tf_efficientnet_lite0", pretrained=path)
