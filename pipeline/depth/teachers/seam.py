"""The seam: from a batch of pictures of any size to maps of one kind, unit and range.

A network sees what its `View` says, and nothing else of a picture; it gives values in the kind of
its card. Bringing pictures to the network's size is done here, once, for all teachers. Nothing
is ever normalised picture by picture.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pipeline.depth.teachers.card import TeacherCard
from pipeline.sources.decode import as_rgb
from shards.base.errors import InputError, RunError
from shards.base.size import Size
from shards.pixels.depth_coding import Kind

if TYPE_CHECKING:
    from torch import Tensor

Pictures = Image.Image | Sequence[Image.Image]
"""A PIL picture, or several of one size."""

Forward = Callable[["Tensor"], "Tensor"]
"""Normalised pixels float32 (B, 3, h, w) on the device -> values (B, h', w') in the card's kind."""


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """How a network sees pictures: (pixel / 255 - mean) / std at `height` x `width`.

    `whole_levels`: resized pictures are rounded to 8 bits again, as torchvision does with 8-bit
    pictures. `aligned`: corners are mapped to corners, without antialiasing. `border`: pictures
    are continued by mirroring before they are resized, and maps cut to the picture again.
    """

    height: int
    width: int
    filter: Literal["bilinear", "bicubic"] = "bilinear"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    std: tuple[float, float, float] = (1.0, 1.0, 1.0)
    whole_levels: bool = False
    aligned: bool = False
    border: bool = False

    def border_of(self, height: int, width: int) -> tuple[int, int]:
        """Rows and columns mirrored at each side of a picture: 3 sqrt(side / 2), as ZoeDepth."""
        if not self.border:
            return 0, 0
        return int((height / 2) ** 0.5 * 3), int((width / 2) ** 0.5 * 3)


def see(pictures: "Tensor", view: View) -> "Tensor":
    """Pictures uint8 (B, 3, H, W) as a network sees them: float32 (B, 3, h, w)."""
    import torch
    import torch.nn.functional as F

    size = (view.height, view.width)
    rows, columns = view.border_of(*pictures.shape[-2:])
    if view.whole_levels and pictures.shape[-2:] != size and not (rows or columns):
        from torchvision.transforms.v2 import InterpolationMode
        from torchvision.transforms.v2.functional import resize

        pictures = resize(pictures, list(size), InterpolationMode(view.filter), antialias=True)
    pixels = pictures.float() / 255
    if rows or columns:
        pixels = F.pad(pixels, (columns, columns, rows, rows), mode="reflect")
    if pixels.shape[-2:] != size and view.aligned:
        pixels = F.interpolate(pixels, size=size, mode=view.filter, align_corners=True)
    elif pixels.shape[-2:] != size:
        pixels = F.interpolate(pixels, size=size, mode=view.filter, antialias=True).clamp(0, 1)
    if view.mean != (0, 0, 0) or view.std != (1, 1, 1):
        mean = torch.tensor(view.mean, device=pixels.device).view(3, 1, 1)
        std = torch.tensor(view.std, device=pixels.device).view(3, 1, 1)
        pixels = (pixels - mean) / std
    return pixels.contiguous(memory_format=torch.channels_last)


def uncover(maps: "Tensor", view: View, size: tuple[int, int]) -> "Tensor":
    """Maps (B, h, w) without the border that their pictures of `size` (H, W) were seen with."""
    import torch.nn.functional as F

    rows, columns = view.border_of(*size)
    if not (rows or columns):
        return maps
    height, width = size
    whole = (height + 2 * rows, width + 2 * columns)
    grown = F.interpolate(maps[:, None], size=whole, mode="bicubic", align_corners=False)
    return grown[:, 0, rows : rows + height, columns : columns + width]


class Teacher:
    """A depth network that is ready to use: `predict` maps of the kind and unit of its card."""

    def __init__(self, card: TeacherCard, view: View, forward: Forward, device: str) -> None:
        self.card, self.view = card, view
        self.kind: Kind = card.kind
        self.unit = card.unit
        self._forward, self._device = forward, device

    def predict(self, rgb: NDArray[np.uint8] | Pictures) -> NDArray[np.float32]:
        """Maps float32 (B, h, w), at the network's own output size, of uint8 (B, H, W, 3).

        A PIL picture, or a list of them of one size, is taken too, as its file would be: upright,
        16 bits scaled. InputError for another shape or dtype; RunError where a value is not finite.
        """
        import torch

        if not isinstance(rgb, np.ndarray):
            rgb = _stack(rgb)
        if rgb.ndim != 4 or rgb.shape[-1] != 3 or rgb.dtype != np.uint8:
            raise InputError(
                "predict",
                expected="pictures uint8 (B, H, W, 3)",
                found=f"{rgb.dtype} {rgb.shape}",
                remedy="convert them to 8-bit RGB and stack them",
            )
        with torch.inference_mode():
            pictures = torch.from_numpy(np.array(rgb)).to(self._device)
            pictures = pictures.permute(0, 3, 1, 2)  # (B, H, W, 3) -> (B, 3, H, W)
            size = (rgb.shape[1], rgb.shape[2])
            maps = uncover(self._forward(see(pictures, self.view)), self.view, size)
            values: NDArray[np.float32] = maps.float().cpu().numpy()
        if not np.isfinite(values).all():
            raise RunError(
                f"--depth-model {self.card.name}",
                expected="finite depth values",
                found="a map with NaN or infinity",
                remedy="look at the weights; finished shards are kept",
            )
        return values


def _stack(pictures: Pictures) -> NDArray[np.uint8]:
    """uint8 (B, H, W, 3) of PIL pictures; InputError where they differ in size."""
    several = [pictures] if isinstance(pictures, Image.Image) else list(pictures)
    seen = [as_rgb(picture, "predict") for picture in several]
    sizes = sorted({picture.size for picture in seen})
    if len(sizes) != 1:
        raise InputError(
            "predict",
            expected="pictures of one size",
            found=" and ".join(f"{width} x {height}" for width, height in sizes) or "none",
            remedy="give pictures of different sizes one by one",
        )
    return np.stack([np.asarray(picture) for picture in seen])


def declared(
    card: TeacherCard, kind: Kind | None, value_range: tuple[float, float] | None
) -> TeacherCard:
    """The card with what the user declares in place of what the teacher says."""
    if kind is not None:
        unit = card.unit if kind == card.kind else {"metric": "m", "inverse": "relative"}[kind]
        card = dataclasses.replace(card, kind=kind, unit=unit)
    if value_range is not None:
        card = dataclasses.replace(card, low=value_range[0], high=value_range[1])
    return card


def output_size_of(view: View, forward: Forward, canvas: Size, device: str) -> tuple[int, int]:
    """(height, width) of the maps of one canvas size, found by asking for one.

    ValueError where the answer is no map of finite values.
    """
    import torch

    width, height = canvas
    with torch.inference_mode():
        picture = torch.zeros((1, 3, height, width), dtype=torch.uint8, device=device)
        maps = uncover(forward(see(picture, view)), view, (height, width))
    if maps.ndim != 3:
        raise ValueError(f"an output of shape {tuple(maps.shape)} instead of (B, h, w)")
    if not bool(torch.isfinite(maps).all()):
        raise ValueError("a map with NaN or infinity")
    return int(maps.shape[1]), int(maps.shape[2])
