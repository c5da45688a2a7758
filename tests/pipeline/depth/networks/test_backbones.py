"""Encoders by name: their maps, their weights, and what is said about names and files."""

from pathlib import Path

import pytest
import timm
import torch
from safetensors.torch import save_file

from pipeline.depth.networks.backbones import build_backbone
from shards.base.errors import InputError


def test_maps_have_the_declared_channels_and_strides() -> None:
    backbone = build_backbone("tf_efficientnet_lite0", pretrained=False)
    maps = backbone(torch.zeros(1, 3, 64, 96))
    assert [m.shape[1] for m in maps] == list(backbone.channels)
    assert [(64 // m.shape[2], 96 // m.shape[3]) for m in maps] == [
        (stride, stride) for stride in backbone.strides
    ]


def test_loading_weights_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    build_backbone("tf_efficientnet_lite0")
    assert caplog.messages == []


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


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "convnext_atto",
        "efficientnet_b0",
        "mobilenetv3_small_050",
        "swin_tiny_patch4_window7_224",
        "vit_tiny_patch16_224",
        "regnetx_002",
        "pvt_v2_b0",
        "vit_small_patch14_dinov2",
    ],
)
def test_families_give_the_maps_they_declare_at_any_size(name: str) -> None:
    backbone = build_backbone(name, pretrained=False).eval()
    coarsest = max(backbone.strides)
    with torch.no_grad():
        maps = backbone(torch.zeros(1, 3, 2 * coarsest, 3 * coarsest))
    assert [tuple(each.shape) for each in maps] == [
        (1, channels, 2 * coarsest // stride, 3 * coarsest // stride)
        for channels, stride in zip(backbone.channels, backbone.strides, strict=True)
    ]


def test_a_plain_transformer_gives_earlier_blocks_to_finer_maps() -> None:
    torch.manual_seed(0)
    backbone = build_backbone("vit_tiny_patch16_224", pretrained=False).eval()
    assert backbone.strides == (4, 8, 16, 32)
    seen = torch.randn(1, 3, 64, 64)
    with torch.no_grad():
        maps = backbone(seen)
        taps = backbone.network(seen)
    torch.testing.assert_close(maps[2], taps[2])
    torch.testing.assert_close(maps[3], torch.nn.functional.avg_pool2d(taps[3], 2))
    assert not torch.allclose(taps[0], taps[1])


@pytest.mark.parametrize("name", ["mixer_s16_224", "levit_128s"])
def test_a_network_for_pictures_of_one_size_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=r"any size, found \w+ \(pictures of one size alone\)"):
        build_backbone(name, pretrained=False)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("convnext_atto", "stem.0.weight"),
        ("vit_tiny_patch16_224", "patch_embed.proj.weight"),
    ],
)
def test_weights_in_timms_names_are_taken_from_a_file(name: str, stem: str, tmp_path: Path) -> None:
    torch.manual_seed(3)
    path = tmp_path / "weights.safetensors"
    weights = timm.create_model(name).state_dict()
    save_file(weights, path)
    first, second = (build_backbone(name, pretrained=path) for _ in range(2))
    assert any(torch.equal(weights[stem], mine) for mine in first.state_dict().values())
    for one, other in zip(first.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
    assert "state_dict" not in first.network.default_cfg


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
