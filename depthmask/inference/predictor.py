"""A trained network that answers for pictures of any size."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from depthmask.inference.exported_net import sees_background
from depthmask.models.checkpoint import Checkpoint, read_checkpoint
from depthmask.models.device import autocast, choose_device
from depthmask.models.network import MaskDepthNet
from depthmask.models.opacity import find_opacity_cues, weigh_cues
from pipeline.sources.decode import as_rgb
from shards.base.errors import InputError, RunError
from shards.base.option_kinds import require_kind
from shards.base.size import Size

_MULTIPLE = 32

_LONGEST_SHARE = 2.0

_AT_ONCE = 1 << 20

_MOST_LARGER = 2.0
"""How much larger than in training pictures are seen for a mask.

docs/design-notes/opacity-cues.md has the figures.
"""

_CUED_PIXELS = 1 << 21
"""The largest area that cues are found at: they take about 300 bytes a pixel."""


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """A network's mask and depth for a pair of pictures, at the composite's own size.

    `mask` float32 (H, W) in [0, 1]; `depth` float32 (H, W) in the kind and unit the network was
    trained on, `depth_unit` the same in [0, 1]; `cutout` uint8 (H, W, 4), straight alpha. None
    where the network has no such head.
    """

    mask: NDArray[np.float32] | None
    depth: NDArray[np.float32] | None
    depth_unit: NDArray[np.float32] | None
    cutout: NDArray[np.uint8] | None


def require_numbers(maps: torch.Tensor) -> None:
    """RunError if a network's output holds NaN or infinite values."""
    if not bool(maps.isfinite().all()):
        raise RunError(
            "the network's output",
            expected="finite numbers",
            found="NaN or infinite values",
            remedy="give another checkpoint: the weights of this one are too large",
        )


def _tensor(picture: Image.Image, size: Size) -> Tensor:
    """(1, 3, H, W) in [0, 1] at `size` (width, height)."""
    scaled = picture.resize(size, Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(scaled)).permute(2, 0, 1)[None].float() / 255


def _as_rgb(picture: Any, name: str) -> Image.Image:
    """A picture as `as_rgb` gives it; one in memory that is plain "RGB" without tags already is."""
    in_memory = type(picture) is Image.Image and picture.mode == "RGB"
    if in_memory and not picture.info and not picture.getexif():
        plain: Image.Image = picture
        return plain
    return as_rgb(picture, name)


def cut_out(
    image: NDArray[np.uint8], background: NDArray[np.uint8] | None, mask: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The foreground, uint8 (H, W, 4): where the mask is soft, the background is taken out.

    Without a background the colours stay as they are. Solves image = mask * colour + (1 - mask) *
    background for the colour, some rows at a time: a large picture takes sixty bytes a pixel on
    the way.
    """
    pixels = np.empty((*mask.shape, 4), np.uint8)
    if background is None:
        pixels[..., :3], pixels[..., 3] = image, np.rint(mask * 255)
        return pixels
    rows = max(1, _AT_ONCE // mask.shape[1])
    for first in range(0, len(mask), rows):
        part = slice(first, first + rows)
        alpha = mask[part, :, None]
        mixed = image[part].astype(np.float32) - (1 - alpha) * background[part].astype(np.float32)
        colour = np.where(alpha > 0.05, mixed / np.maximum(alpha, 0.05), image[part])
        pixels[part, :, :3] = np.rint(np.clip(colour, 0, 255))
        pixels[part, :, 3:] = np.rint(alpha * 255)
    return pixels


def working_size(trained: Size, picture: Size, share: float = 1.0) -> Size:
    """What a picture is seen at: about the training pictures' area, in its own proportions.

    The sides are multiples of a network's stride, times `share`. Pictures of the training's own
    proportions are seen at its size, whatever that is: the network pads them as it did then.
    """
    width, height = picture
    apart = abs(width * trained[1] - height * trained[0])
    if share == 1.0 and 2 * apart <= min(picture):  # within half a pixel of the training's size
        return trained
    root = math.sqrt(trained[0] * trained[1])
    longest = max(_LONGEST_SHARE * root, *trained)
    scale = min(share * root / (width * height) ** 0.5, share * longest / max(width, height))

    def side(pixels: int) -> int:
        return max(_MULTIPLE, int(pixels * scale / _MULTIPLE + 0.5) * _MULTIPLE)

    return side(width), side(height)


class Predictor:
    """A trained network that is ready to use on pictures of any size."""

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        self._device = choose_device(device)
        self._autocast = autocast(self._device, checkpoint.precision)
        self._network = checkpoint.build().to(self._device)
        self.needs_background = sees_background(checkpoint.spec)
        self.coding, self.size = checkpoint.coding, checkpoint.size
        self._span = 0.0 if self.coding is None else self.coding.scale * self.coding.largest

    def _guided_logits(self, whole: Image.Image, clean: Image.Image) -> Tensor | None:
        """Mask logits (1, 1, h, w): the network's cue_logits, weighed on the picture's own cues.

        The network says which cue of opacity holds where, which is smooth, at up to twice its
        training size; the cues of the full picture bring the detail. None where the picture is
        no larger than in training, or the network weighs no cues.
        """
        width, height = whole.size
        larger = (width * height) ** 0.5 / math.sqrt(self.size[0] * self.size[1])
        if larger <= 1 or not isinstance(self._network, MaskDepthNet):
            return None
        small = working_size(self.size, whole.size, min(larger, _MOST_LARGER))
        seen, behind = (_tensor(picture, small).to(self._device) for picture in (whole, clean))
        with self._autocast:
            cue_logits = self._network.predict_cue_logits(seen, behind)
        if cue_logits is None:
            return None
        shrunk = min(1.0, (_CUED_PIXELS / (width * height)) ** 0.5)
        fine = (max(1, round(width * shrunk)), max(1, round(height * shrunk)))
        image, background = (_tensor(each, fine).to(self._device) for each in (whole, clean))
        cues, _ = find_opacity_cues(image, background)
        size = (fine[1], fine[0])
        grown = F.interpolate(cue_logits, size=size, mode="bilinear", align_corners=False)
        return weigh_cues(grown, cues)

    @torch.inference_mode()
    def predict(self, image: Any, background: Any = None) -> Prediction:
        """The prediction for a composite and its clean background: PIL, or uint8 (H, W, 3).

        PIL pictures are seen as `depthmask predict` sees their files: upright, 16 bits scaled.

        A network that sees single pictures needs no background; if there is one, the cut-out's
        soft parts are cleared of it. A background of another size is scaled to the composite's.
        Pictures larger than those of training are seen at a smaller size; detail of the mask comes
        from the cues of the picture itself (`_guided_logits`), or logits are scaled back.
        """
        whole = _as_rgb(image, "image")
        clean = None if background is None else _as_rgb(background, "background")
        if clean is None and self.needs_background:
            raise InputError(
                "background",
                expected="the place without the object, which this network compares with",
                found="None",
                remedy="give it, or train a network with --input single",
            )
        if clean is not None and clean.size != whole.size:
            clean = clean.resize(whole.size, Image.Resampling.BICUBIC)
        width, height = whole.size
        size = working_size(self.size, whole.size)
        seen = _tensor(whole, size).to(self._device)
        behind = _tensor(clean, size).to(self._device) if clean and self.needs_background else seen
        with self._autocast:
            output = self._network(seen, behind)

        def grow(maps: Tensor, mode: str) -> Tensor:
            require_numbers(maps)
            return F.interpolate(maps, size=(height, width), mode=mode)[0, 0].cpu()

        mask = depth = depth_unit = cutout = None
        if output.mask is not None:
            guided = self._guided_logits(whole, clean) if clean and self.needs_background else None
            logits = output.mask if guided is None else guided
            mask = torch.sigmoid(grow(logits, "bicubic")).numpy()
            cutout = cut_out(np.asarray(whole), None if clean is None else np.asarray(clean), mask)
        if output.depth is not None and self.coding is not None:
            depth_unit = grow(output.depth, "bilinear").numpy()
            depth = np.float32(self.coding.offset) + np.float32(self._span) * depth_unit
        return Prediction(mask=mask, depth=depth, depth_unit=depth_unit, cutout=cutout)


def load(checkpoint: str | Path, device: str = "auto") -> Predictor:
    """A trained network from a checkpoint file, ready to predict."""
    return Predictor(read_checkpoint(require_kind("checkpoint", checkpoint, Path)), device)
