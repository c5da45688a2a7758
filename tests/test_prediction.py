"""depthmask/prediction.py: pictures larger than those of training"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from depthmask.checkpoint import Checkpoint
from depthmask.device import autocast
from depthmask.metrics import image_iou
from depthmask.networks import MaskDepthNet, NetworkSpec
from depthmask.prediction import Predictor
from depthmask.start import BUILT_IN, begin_from

SIDE = 384


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    """A network with the built-in start, as after a training at 96 px."""
    half, quarter = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)
    spec = NetworkSpec(
        backbone="tf_efficientnet_lite0",
        heads="mask",
        image_mean=half,
        image_std=quarter,
        background_mean=half,
        background_std=quarter,
    )
    network = MaskDepthNet(spec, pretrained=True)
    begin_from(network, BUILT_IN)
    weights = network.state_dict()
    return Predictor(
        Checkpoint(
            spec=spec, size=96, coding=None, weights=weights, options={}, scores={}, training=None
        ),
        "cpu",
    )


def pictures() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A dark lattice of bars of 4 pixels over a smooth background: uint8, uint8, and its mask."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(1, 3, 6, 6, generator=generator)
    background = F.interpolate(coarse, size=(SIDE, SIDE), mode="bicubic").clamp(0, 1)[0]
    mask = torch.zeros(SIDE, SIDE)
    mask[100:280, 120:300:12] = 1
    for shift in range(1, 4):
        mask[100:280, 120 + shift : 300 : 12] = 1
    image = mask * 0.08 + (1 - mask) * (0.3 + 0.7 * background)
    behind = 0.3 + 0.7 * background
    as_bytes = [(each.permute(1, 2, 0) * 255).round().byte().numpy() for each in (image, behind)]
    return as_bytes[0], as_bytes[1], mask.numpy()


def test_thin_parts_of_a_large_picture_are_found_that_no_small_one_shows(
    predictor: Predictor,
) -> None:
    image, background, mask = pictures()
    found = predictor.predict(image, background)
    assert found.mask is not None
    assert found.mask.shape == (SIDE, SIDE)
    assert image_iou(found.mask[None], mask[None])[0] > 0.8


def test_a_picture_of_the_trainings_size_is_seen_as_it_is(predictor: Predictor) -> None:
    image, background, _ = pictures()
    small, behind = image[100:196, 100:196], background[100:196, 100:196]
    found = predictor.predict(small, behind)
    planes = [
        torch.from_numpy(each.copy()).permute(2, 0, 1)[None] / 255 for each in (small, behind)
    ]
    with torch.inference_mode(), autocast(torch.device("cpu")):
        output = predictor._network(*planes)
    assert found.mask is not None
    assert output.mask is not None
    expected = torch.sigmoid(output.mask.float())[0, 0].numpy()
    assert np.abs(found.mask - expected).max() < 1e-5
