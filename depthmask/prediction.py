"""`predict`: mask, depth and cut-out of pictures of any size."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from depthmask.checkpoint import Checkpoint, read_checkpoint
from depthmask.device import autocast, choose_device
from depthmask.evaluation import require_numbers
from depthmask.pictures import depth_colours, write_png
from pipeline.headers import read_file
from pipeline.pictures import UnusablePictureError, decode_picture
from shards.codecs import encode_png
from shards.errors import InputError
from shards.options import option, take_text_as_paths

_MULTIPLE = 32
_LONGEST_SHARE = 2.0
_AT_ONCE = 1 << 20


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class PredictOptions:
    """What `depthmask predict` takes."""

    checkpoint: Path
    image: Path = option(help="Picture with the object.", metavar="FILE")
    background: Path = option(help="The same place without it.", metavar="FILE")
    out: Path = option(Path("prediction"), "Folder to write to.", metavar="DIR")
    device: str = option("auto", "auto, cpu, cuda, cuda:1, ...")

    def __post_init__(self) -> None:
        """Take text as paths."""
        take_text_as_paths(self)


@dataclasses.dataclass(frozen=True, slots=True)
class Prediction:
    """What a network says of a pair of pictures, at the composite's own size.

    `mask` float32 (H, W) in [0, 1]; `depth` float32 (H, W) in the kind and unit the network was
    trained on, `depth_unit` the same in [0, 1]; `cutout` uint8 (H, W, 4), straight alpha. None
    where the network has no such head.
    """

    mask: NDArray[np.float32] | None
    depth: NDArray[np.float32] | None
    depth_unit: NDArray[np.float32] | None
    cutout: NDArray[np.uint8] | None


def _as_picture(picture: Any, name: str) -> Image.Image:
    if isinstance(picture, Image.Image):
        return picture.convert("RGB")
    pixels = np.asarray(picture)
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise InputError(
            name,
            expected="a PIL picture or uint8 (H, W, 3)",
            found=f"{pixels.dtype} {pixels.shape}",
            remedy="convert it to 8-bit RGB",
        )
    return Image.fromarray(pixels)


def _tensor(picture: Image.Image, size: tuple[int, int]) -> Tensor:
    """(1, 3, H, W) in [0, 1] at `size` (width, height)."""
    scaled = picture.resize(size, Image.Resampling.BICUBIC)
    return torch.from_numpy(np.array(scaled)).permute(2, 0, 1)[None].float() / 255


def cut_out(
    image: NDArray[np.uint8], background: NDArray[np.uint8], mask: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """The foreground, uint8 (H, W, 4): where the mask is soft, the background is taken out.

    Solves image = mask * colour + (1 - mask) * background for the colour, some rows at a time:
    a large picture takes sixty bytes a pixel on the way.
    """
    pixels = np.empty((*mask.shape, 4), np.uint8)
    rows = max(1, _AT_ONCE // mask.shape[1])
    for first in range(0, len(mask), rows):
        part = slice(first, first + rows)
        alpha = mask[part, :, None]
        mixed = image[part].astype(np.float32) - (1 - alpha) * background[part].astype(np.float32)
        colour = np.where(alpha > 0.05, mixed / np.maximum(alpha, 0.05), image[part])
        pixels[part, :, :3] = np.rint(np.clip(colour, 0, 255))
        pixels[part, :, 3:] = np.rint(alpha * 255)
    return pixels


class Predictor:
    """A trained network that is ready to use on pictures of any size."""

    def __init__(self, checkpoint: Checkpoint, device: str = "auto") -> None:
        self._device = choose_device(device)
        self._network = checkpoint.build().to(self._device)
        self.coding, self.size = checkpoint.coding, checkpoint.size

    def _working_size(self, width: int, height: int) -> tuple[int, int]:
        """A size near the training pictures' area, of the same proportions."""
        scale = self.size / (width * height) ** 0.5
        scale = min(scale, _LONGEST_SHARE * self.size / max(width, height))

        def side(pixels: int) -> int:
            return max(_MULTIPLE, int(pixels * scale / _MULTIPLE + 0.5) * _MULTIPLE)

        return side(width), side(height)

    @torch.inference_mode()
    def predict(self, image: Any, background: Any) -> Prediction:
        """The prediction for a composite and its clean background: PIL, or uint8 (H, W, 3).

        A background of another size is brought to the composite's. Logits, not probabilities,
        are scaled back, so edges stay as steep as the network drew them.
        """
        whole, clean = _as_picture(image, "image"), _as_picture(background, "background")
        if clean.size != whole.size:
            clean = clean.resize(whole.size, Image.Resampling.BICUBIC)
        width, height = whole.size
        size = self._working_size(width, height)
        with autocast(self._device):
            output = self._network(
                _tensor(whole, size).to(self._device), _tensor(clean, size).to(self._device)
            )

        def grow(maps: Tensor, mode: str) -> Tensor:
            require_numbers(maps)
            return F.interpolate(maps.float(), size=(height, width), mode=mode)[0, 0].cpu()

        mask = depth = depth_unit = cutout = None
        if output.mask is not None:
            mask = torch.sigmoid(grow(output.mask, "bicubic")).numpy()
            cutout = cut_out(np.asarray(whole), np.asarray(clean), mask)
        if output.depth is not None and self.coding is not None:
            depth_unit = grow(output.depth, "bilinear").numpy()
            span = np.float32(self.coding.scale * self.coding.largest)
            depth = np.float32(self.coding.offset) + span * depth_unit
        return Prediction(mask=mask, depth=depth, depth_unit=depth_unit, cutout=cutout)


def load(checkpoint: str | Path, device: str = "auto") -> Predictor:
    """A trained network from a checkpoint file, ready to predict."""
    return Predictor(read_checkpoint(Path(checkpoint)), device)


def _open(path: Path, name: str) -> Image.Image:
    try:
        return decode_picture(read_file(path))
    except (UnusablePictureError, OSError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{name} {path}", expected="a picture", found=found, remedy="give a picture file"
        ) from None


def predict(options: PredictOptions) -> list[Path]:
    """Write mask.png, depth.png (16 bits), depth-colour.png and cutout.png; the paths."""
    predictor = load(options.checkpoint, options.device)
    image = _open(options.image, "--image")
    background = _open(options.background, "--background")
    found = predictor.predict(image, background)
    options.out.mkdir(parents=True, exist_ok=True)
    written = []
    if found.mask is not None and found.cutout is not None:
        written += [options.out / "mask.png", options.out / "cutout.png"]
        written[0].write_bytes(encode_png(np.rint(found.mask * 255).astype(np.uint8), "none"))
        Image.fromarray(found.cutout).save(written[1])
    if found.depth_unit is not None:
        codes, colours = options.out / "depth.png", options.out / "depth-colour.png"
        codes.write_bytes(encode_png(np.rint(found.depth_unit * 65535).astype(np.uint16), "up"))
        write_png(colours, depth_colours(found.depth_unit))
        written += [codes, colours]
    return written
