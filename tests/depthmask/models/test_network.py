"""depthmask/models/network.py"""

import dataclasses

import pytest
import torch

from depthmask.models.build import build_network
from depthmask.models.catalogue import SYSTEMS, PictureInput
from depthmask.models.device import autocast
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import Heads, NetworkSpec
from shards.base.errors import InputError


def spec(
    backbone: str = "mobilenetv3_small_050",
    heads: Heads = "both",
    input: PictureInput = "siamese",
) -> NetworkSpec:
    third = (0.5, 0.5, 0.5)
    return NetworkSpec(
        backbone=backbone,
        heads=heads,
        image_mean=third,
        image_std=third,
        background_mean=third,
        background_std=third,
        input=input,
    )


def pair(height: int, width: int, count: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return (
        torch.rand(count, 3, height, width, generator=generator),
        torch.rand(count, 3, height, width, generator=generator),
    )


@pytest.mark.parametrize(
    "backbone",
    [
        "tf_efficientnet_lite0",
        "resnet18",
        "convnext_atto",
        "mobilenetv3_small_050",
        "regnetx_002",
        "swin_tiny_patch4_window7_224",
        "vit_tiny_patch16_224",
    ],
)
def test_networks_of_many_families_answer_at_full_size(backbone: str) -> None:
    network = MaskDepthNet(spec(backbone)).eval()
    with torch.inference_mode():
        output = network(*pair(64, 96))
    assert output.mask is not None
    assert output.depth is not None
    assert output.mask.shape == output.depth.shape == (1, 1, 64, 96)
    assert 0 <= float(output.depth.min()) <= float(output.depth.max()) <= 1


@pytest.mark.parametrize(
    ("backbone", "pretrained", "unseen"),
    [
        ("tf_efficientnet_lite0", True, 3),  # its two coarsest maps look as far as the change
        ("tf_efficientnet_lite0", False, 3),
        ("resnet18", False, 5),
        ("convnext_atto", False, 4),
    ],
)
def test_what_has_not_changed_looks_the_same_in_training_and_inference(
    backbone: str, pretrained: bool, unseen: int
) -> None:
    """A corner far from the one that has changed: its features are the background's."""
    torch.manual_seed(0)
    network = MaskDepthNet(spec(backbone, "mask"), pretrained=pretrained)
    network.keep_statistics(pretrained)
    background = pair(128, 128, count=2)[1]
    image = background.clone()
    image[:, :, 100:, 100:] = 1 - image[:, :, 100:, 100:]
    found: dict[str, list[torch.Tensor]] = {}

    def look(name: str) -> None:
        maps, behind = network._pair(image, background)
        found[name] = [each.detach() for each in maps]
        for level in range(unseen):
            one, other = maps[level], behind[level]
            corner = (slice(None), slice(None), slice(one.shape[2] // 4), slice(one.shape[3] // 4))
            assert torch.allclose(one[corner], other[corner], rtol=0, atol=1e-6), (name, level)
            assert not torch.equal(one, other)

    look("training")
    network.freeze_encoder(True)
    look("resting")
    network.freeze_encoder(False)
    network.eval()
    with torch.no_grad():
        look("inference")
    if pretrained:
        for one, other in zip(found["training"], found["inference"], strict=True):
            assert torch.allclose(one, other, atol=1e-5)


def test_an_encoder_that_keeps_its_statistics_learns_weights_alone() -> None:
    network = MaskDepthNet(spec("tf_efficientnet_lite0", "mask"), pretrained=True)
    network.keep_statistics(True)
    before = {name: buffer.clone() for name, buffer in network.encoder.named_buffers()}
    output = network(*pair(64, 64, 2))
    assert output.mask is not None
    output.mask.mean().backward()
    assert all(parameter.grad is not None for parameter in network.encoder.parameters())
    for name, buffer in network.encoder.named_buffers():
        assert torch.equal(buffer, before[name])


def test_no_encoder_drops_other_parts_of_the_two_pictures() -> None:
    network = MaskDepthNet(spec("swin_tiny_patch4_window7_224", "mask"))
    image = pair(64, 64, 2)[0]
    maps, behind = network._pair(image, image)
    for one, other in zip(maps, behind, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("name", ["timm", *SYSTEMS])
def test_what_comes_out_is_as_fine_in_bfloat16_as_in_float32(name: str) -> None:
    """Two maps of 64 x 64 have thousands of values; those of bfloat16 had some dozens."""
    heads = "both" if name == "timm" else SYSTEMS[name].heads
    torch.manual_seed(0)
    network = build_network(dataclasses.replace(spec(heads=heads), network=name)).train()
    with torch.no_grad(), autocast(torch.device("cpu"), "bfloat16"):
        output = network(*pair(64, 64, count=2))
    for maps in (output.mask, output.depth):
        if maps is not None:
            assert maps.dtype == torch.float32
            assert len(maps.unique()) > 2000


@pytest.mark.parametrize(("input", "weighs"), [("siamese", True), ("single", False)])
def test_opinions_are_told_while_training_alone(input: PictureInput, weighs: bool) -> None:
    network = MaskDepthNet(spec(input=input)).train()
    images, backgrounds = pair(32, 32, count=2)
    assert (network(images, backgrounds).cue_logits is not None) == weighs
    assert network.eval()(images, backgrounds).cue_logits is None


@pytest.mark.parametrize(("height", "width"), [(33, 50), (16, 16), (95, 97)])
def test_any_size_is_answered_at_that_size(height: int, width: int) -> None:
    network = MaskDepthNet(spec()).eval()
    with torch.inference_mode():
        output = network(*pair(height, width))
    assert output.mask is not None
    assert output.mask.shape == (1, 1, height, width)


@pytest.mark.parametrize(("heads", "mask", "depth"), [("mask", 1, 0), ("depth", 0, 1)])
def test_heads_can_be_left_out(heads: Heads, mask: int, depth: int) -> None:
    network = MaskDepthNet(spec(heads=heads)).eval()
    with torch.inference_mode():
        output = network(*pair(32, 32))
    assert (output.mask is not None, output.depth is not None) == (bool(mask), bool(depth))


@pytest.mark.parametrize(
    ("input", "depends"), [("siamese", True), ("early", True), ("single", False)]
)
def test_the_answer_depends_on_the_background_where_it_is_seen(
    input: PictureInput, depends: bool
) -> None:
    network = MaskDepthNet(spec(input=input)).eval()
    image, background = pair(32, 32)
    with torch.inference_mode():
        first, second = network(image, background), network(image, image)
    for one, other in zip(first[:2], second[:2], strict=True):
        assert one is not None
        assert other is not None
        assert torch.equal(one, other) != depends


@pytest.mark.parametrize(
    ("input", "frozen"), [("siamese", True), ("early", False), ("single", True)]
)
def test_an_encoder_of_six_channels_is_never_frozen(input: PictureInput, frozen: bool) -> None:
    network = MaskDepthNet(spec(input=input))
    network.freeze_encoder(True)
    output = network(*pair(32, 32, 2))
    assert output.depth is not None
    output.depth.mean().backward()
    still = [p.grad is None for p in network.encoder.parameters()]
    assert all(still) if frozen else not any(still)


@pytest.mark.parametrize("input", ["siamese", "early", "single"])
def test_every_weight_learns(input: PictureInput) -> None:
    network = MaskDepthNet(spec(input=input))
    output = network(*pair(64, 64, 2))
    assert output.mask is not None
    assert output.depth is not None
    (output.mask.square().mean() + output.depth.square().mean()).backward()
    still = [n for n, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert still == []


def test_an_unknown_backbone_gets_near_matches() -> None:
    with pytest.raises(InputError, match=r"--backbone: .*resnet50"):
        MaskDepthNet(spec("resnet5o"))
