"""What every network of the catalogue takes to be built, and what it gives."""

import dataclasses
from typing import Literal, NamedTuple

from torch import Tensor

from depthmask.models.catalogue import PictureInput

Heads = Literal["both", "mask", "depth"]


class Output(NamedTuple):
    """Mask logits and depth in [0, 1], float32 (B, 1, H, W) each; None for a head not there.

    `cue_logits` (B, 2 + CUES, H, W) are there while a network trains that weighs cues.
    """

    mask: Tensor | None
    depth: Tensor | None
    cue_logits: Tensor | None = None


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class NetworkSpec:
    """What it takes to build a network: a checkpoint carries it.

    `network` is timm, for `MaskDepthNet` with an encoder `backbone`, or an earlier system's name;
    `input` is what that one sees.
    """

    network: str = "timm"
    backbone: str
    heads: Heads
    image_mean: tuple[float, ...]
    image_std: tuple[float, ...]
    background_mean: tuple[float, ...]
    background_std: tuple[float, ...]
    input: PictureInput = "siamese"
