"""depthmask/models/initial_weights.py"""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from depthmask.losses.metrics import image_iou
from depthmask.models.checkpoint import Checkpoint, save_checkpoint
from depthmask.models.initial_weights import BUILT_IN, begin_from, find_start, save_start
from depthmask.models.network import MaskDepthNet
from depthmask.models.network_spec import Heads, NetworkSpec
from shards.base.errors import InputError, RunError

SMALL = "mobilenetv3_small_050"
LITE0 = "tf_efficientnet_lite0"


def network(backbone: str = SMALL, heads: Heads = "both", seed: int = 0) -> MaskDepthNet:
    torch.manual_seed(seed)
    half, quarter = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    spec = NetworkSpec(
        backbone=backbone,
        heads=heads,
        image_mean=half,
        image_std=quarter,
        background_mean=half,
        background_std=quarter,
    )
    return MaskDepthNet(spec, pretrained=backbone == LITE0).eval()


def checkpoint(of: MaskDepthNet) -> Checkpoint:
    return Checkpoint(
        spec=of.spec,
        size=(64, 64),
        coding=None,
        weights=of.state_dict(),
        options={},
        scores={},
        training=None,
    )


def test_the_built_in_start_needs_its_encoder() -> None:
    assert find_start(None, LITE0, pretrained=True) == BUILT_IN
    assert find_start(None, SMALL, pretrained=True) is None
    assert find_start(None, LITE0, pretrained=False) is None
    assert find_start("none", LITE0, pretrained=True) is None
    assert find_start("runs/a/best.pt", SMALL, pretrained=True) == "runs/a/best.pt"
    with pytest.raises(InputError, match=r"--start built-in: .*--no-pretrained"):
        find_start("built-in", LITE0, pretrained=False)


@torch.inference_mode()
def test_the_built_in_start_finds_a_foreground_that_it_never_saw() -> None:
    generator = torch.Generator().manual_seed(0)
    coarse, patches = torch.rand(2, 1, 3, 6, 6, generator=generator)
    background = torch.nn.functional.interpolate(coarse, size=(96, 96), mode="bicubic").clamp(0, 1)
    foreground = torch.nn.functional.interpolate(patches, size=(96, 96), mode="nearest")
    mask = torch.zeros(1, 1, 96, 96)
    mask[..., 30:70, 20:75] = 1
    mask[..., 40:60:4, 30:65] = 0  # slits of one pixel
    image = mask * foreground + (1 - mask) * background
    fresh, begun = network(LITE0), network(LITE0)
    begin_from(begun, BUILT_IN)
    found = {}
    for name, each in (("fresh", fresh), ("begun", begun)):
        logits = each(image, background).mask
        assert logits is not None
        found[name] = float(image_iou(torch.sigmoid(logits)[0].numpy(), mask[0].numpy())[0])
    assert found["begun"] > 0.9
    assert found["begun"] > found["fresh"]


@pytest.mark.parametrize("heads", ["both", "mask", "depth"])
def test_a_run_can_begin_where_another_ended(tmp_path: Path, heads: Heads) -> None:
    earlier, later = network(seed=1), network(heads=heads, seed=2)
    save_checkpoint(tmp_path / "best.pt", checkpoint(earlier))
    begin_from(later, str(tmp_path / "best.pt"))
    weights = earlier.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in later.state_dict().items())


def test_the_mean_and_std_of_a_data_set_are_not_taken_over(tmp_path: Path) -> None:
    earlier = network(seed=1)
    earlier.image_mean.fill_(0.1)
    save_checkpoint(tmp_path / "best.pt", checkpoint(earlier))
    later = network(seed=2)
    begin_from(later, str(tmp_path / "best.pt"))
    assert torch.equal(later.image_mean, torch.full((1, 3, 1, 1), 0.5))


@pytest.mark.parametrize(("theirs", "ours"), [("resnet18", "both"), (SMALL, "both")])
def test_weights_of_another_network_are_refused(tmp_path: Path, theirs: str, ours: Heads) -> None:
    earlier = network(theirs, heads="mask" if theirs == SMALL else "both")
    save_checkpoint(tmp_path / "best.pt", checkpoint(earlier))
    with pytest.raises(InputError, match=r"--start .*best\.pt: expected weights of the same"):
        begin_from(network(heads=ours), str(tmp_path / "best.pt"))


def test_a_saved_start_holds_all_but_the_encoder_in_16_bits(tmp_path: Path) -> None:
    of = checkpoint(network(seed=3))
    save_start(of, tmp_path / "start.safetensors", trained_on="drawn cars")
    saved = load_file(tmp_path / "start.safetensors")
    assert saved
    assert not any(name.startswith("encoder.") for name in saved)
    assert {tensor.dtype for tensor in saved.values()} <= {torch.float16, torch.int64}
    for name, tensor in saved.items():
        np.testing.assert_allclose(tensor.float(), of.weights[name].float(), atol=2e-3)
    plain = tmp_path / "plain"
    plain.touch()
    assert (tmp_path / "start.safetensors").stat().st_mode == plain.stat().st_mode
    with pytest.raises(RunError, match="expected a place that can be written"):
        save_start(dataclasses.replace(of), tmp_path / "no" / "file", trained_on="")
