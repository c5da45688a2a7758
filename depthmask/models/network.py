"""The mask-and-depth network: one timm encoder for two pictures, a decoder, two heads.

Composite and clean background go through the same encoder; at each level the decoder sees the
composite's features and how they differ from the background's (`siamese`). Or the encoder sees both
as six channels (`early`), or the composite alone (`single`). A light path over
both pictures and their difference keeps thin parts and the boundary of small objects: it sees
every pixel (blocks of 2 x 2 as channels, which takes half the time of full-resolution maps), joins
the decoder's last block, and reaches the mask's head directly. Heads answer for blocks, too (Shi et
al. 2016, sub-pixel convolution). Where there is a background, the mask is not predicted directly:
its head weighs cues of opacity (`depthmask/models/opacity.py`) at each pixel.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Self, TypeVar

import torch
import torch.nn.functional as F
from timm.layers.drop import DropPath
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd

from depthmask.models.layers import CueConv2d, OutputConv2d, crop, pad_to_multiple
from depthmask.models.network_spec import NetworkSpec, Output
from depthmask.models.opacity import CUES, RESIDUALS, find_opacity_cues, weigh_cues
from pipeline.depth.networks.backbones import build_backbone
from pipeline.depth.networks.batch_norm_folding import fuse_batch_norms
from pipeline.depth.networks.decoder import Decoder, UpBlock

Head = TypeVar("Head", bound=OutputConv2d)
_WIDTHS = (64, 48, 32, 24, 16)
_FINE = 32
_JOINED = 24
_BLOCK = 2
_PIXELS = (9 + RESIDUALS + CUES) * _BLOCK**2
_PIXELS_SINGLE = 3 * _BLOCK**2
_CUED = CUES * _BLOCK**2
_FUSED = 48


def _head(kind: type[Head], channels: int, maps: int) -> Head:
    return kind(channels, maps * _BLOCK**2, 3, padding=1)


def _norm_buffer(values: Sequence[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float32).view(1, 3, 1, 1)


class MaskDepthNet(nn.Module):
    """(B, 3, H, W) composite and background in [0, 1], any size -> `Output` of that size.

    With the input `single` the background is ignored.
    """

    encoder_mean: Tensor
    encoder_std: Tensor
    image_mean: Tensor
    image_std: Tensor
    background_mean: Tensor
    background_std: Tensor

    mask_join: UpBlock | None
    mask_head: OutputConv2d | None
    depth_join: UpBlock | None
    depth_head: OutputConv2d | None

    def __init__(self, spec: NetworkSpec, *, pretrained: bool | Path = False) -> None:
        super().__init__()
        self.spec = spec
        alone = spec.input == "single"
        self.encoder = build_backbone(
            spec.backbone, pretrained=pretrained, in_channels=6 if spec.input == "early" else 3
        )
        strides = self.encoder.strides
        fused = [min(channels, _FUSED) for channels in self.encoder.channels]
        self.fuse = nn.ModuleList(
            nn.Conv2d(2 * channels if spec.input == "siamese" else channels, narrow, 1)
            for channels, narrow in zip(self.encoder.channels, fused, strict=True)
        )
        self.decoder = Decoder(fused, strides, _WIDTHS[: len(strides)])
        self.fine = nn.Sequential(
            nn.Conv2d(_PIXELS_SINGLE if alone else _PIXELS, _FINE, 3, padding=1, bias=False),
            nn.BatchNorm2d(_FINE),
            nn.LeakyReLU(0.2),
            nn.Conv2d(_FINE, _FINE, 3, padding=1, bias=False),
            nn.BatchNorm2d(_FINE),
            nn.LeakyReLU(0.2),
        )
        coarse = self.decoder.out_channels
        self.mask_join = self.mask_head = self.depth_join = self.depth_head = None
        if spec.heads != "depth":
            self.mask_join = UpBlock(coarse, _FINE, _JOINED)
            seen = _JOINED + _FINE
            self.mask_head = (
                _head(OutputConv2d, seen, 1) if alone else _head(CueConv2d, seen + _CUED, 2 + CUES)
            )
        if spec.heads != "mask":
            self.depth_join = UpBlock(coarse, _FINE, _JOINED)
            self.depth_head = _head(OutputConv2d, _JOINED, 1)
        self.multiple = max(strides)
        self._frozen: list[nn.Module] = []  # a list: its weights are not the network's
        self._keeps_statistics = False
        self.register_buffer("encoder_mean", _norm_buffer(self.encoder.mean), persistent=False)
        self.register_buffer("encoder_std", _norm_buffer(self.encoder.std), persistent=False)
        self.register_buffer("image_mean", _norm_buffer(spec.image_mean))
        self.register_buffer("image_std", _norm_buffer(spec.image_std))
        self.register_buffer("background_mean", _norm_buffer(spec.background_mean))
        self.register_buffer("background_std", _norm_buffer(spec.background_std))
        self.train()

    def freeze_encoder(self, frozen: bool) -> None:
        """Freeze the encoder, running a faster copy of it, or let it learn.

        A six-channel encoder always learns: no pretrained weights compare two pictures.
        """
        frozen = frozen and self.spec.input != "early"
        if frozen != bool(self._frozen):
            self._frozen = [fuse_batch_norms(self.encoder)] if frozen else []
            self.train(self.training)

    def keep_statistics(self, keeps: bool) -> None:
        """Normalise the encoder's maps in training as in inference, or by the batch.

        Pretrained weights come with statistics of a million photographs. Those of a batch would
        differ between composites and backgrounds, and from what inference uses: what has not
        changed would look changed in one of the two. Random weights have none yet: composites and
        backgrounds are then normalised together, as one batch. An encoder that sees six channels
        has them in one pass anyway, and statistics of three.
        """
        self._keeps_statistics = keeps and self.spec.input != "early"
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        """Training or inference mode; inference for an encoder frozen or with fixed statistics.

        Nothing in an encoder is dropped at random: it would be another part of each picture.
        """
        super().train(mode)
        self.encoder.train(mode and not self._frozen and not self._keeps_statistics)
        for layer in self.encoder.modules():
            if isinstance(layer, (_DropoutNd, DropPath)):
                layer.eval()
        return self

    def forward(self, image: Tensor, background: Tensor) -> Output:
        """Logits and depth (B, 1, H, W) of pictures (B, 3, H, W) in [0, 1]."""
        cue_logits, cues, depth = self._read(image, background)
        if cue_logits is None or cues is None:
            return Output(mask=cue_logits, depth=depth)
        shown = cue_logits if self.training else None
        return Output(mask=weigh_cues(cue_logits, cues), depth=depth, cue_logits=shown)

    def predict_cue_logits(self, image: Tensor, background: Tensor) -> Tensor | None:
        """Which cue of opacity holds where, (B, 2 + CUES, H, W): what `weigh_cues` takes.

        None for a network that weighs no cues.
        """
        cue_logits, cues, _ = self._read(image, background)
        return None if cues is None else cue_logits

    def _read(
        self, image: Tensor, background: Tensor
    ) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Cue logits (mask logits without cues), the cues, and depth, (B, ..., H, W) each."""
        height, width = image.shape[-2:]
        image = pad_to_multiple(image, self.multiple)
        cues = None
        if self.spec.input == "single":
            pixels = (image - self.image_mean) / self.image_std
        else:
            background = pad_to_multiple(background, self.multiple)
            cues, residuals = find_opacity_cues(image, background)
            pixels = torch.cat([self._compare(image, background), residuals, cues], dim=1)
        coarse = self.decoder(self._encode(image, background))
        # Channels last, as convolutions take it: they would each bring it into that order. Export
        # would take the strides of one size for a rule of all.
        if not torch.compiler.is_exporting():
            pixels = pixels.contiguous(memory_format=torch.channels_last)
        blocks = F.pixel_unshuffle(pixels, _BLOCK)  # (B, 16 or 3, H, W) -> (B, 64 or 12, H/2, W/2)
        fine = self.fine(blocks)  # (B, 32, H / 2, W / 2)
        cue_logits = depth = None
        if self.mask_join is not None and self.mask_head is not None:
            joined = [self.mask_join(coarse, fine), fine]
            if cues is not None:
                joined.append(blocks[:, -_CUED:])
            cue_logits = F.pixel_shuffle(self.mask_head(torch.cat(joined, dim=1)), _BLOCK)
            cue_logits = crop(cue_logits, height, width)  # (B, 7 or 1, H, W)
        if self.depth_join is not None and self.depth_head is not None:
            # Depth borrows the fine path and leaves it to the mask, which needs it more.
            found = self.depth_join(coarse, fine if cue_logits is None else fine.detach())
            values = F.pixel_shuffle(self.depth_head(found), _BLOCK)  # (B, 1, H, W)
            depth = crop(torch.sigmoid(values), height, width)
        return cue_logits, None if cues is None else crop(cues, height, width), depth

    def _encode(self, image: Tensor, background: Tensor) -> list[Tensor]:
        """Maps of what is there and of what has changed, (B, min(C, 48), h, w) each."""
        if self.spec.input == "siamese":
            seen = [
                torch.cat([a, a - b], 1)
                for a, b in zip(*self._pair(image, background), strict=True)
            ]
        else:
            pictures = self._as_encoder_expects(image)
            if self.spec.input == "early":
                pictures = torch.cat([pictures, self._as_encoder_expects(background)], dim=1)
            seen = self._run_encoder(pictures)
        return [fuse(maps) for fuse, maps in zip(self.fuse, seen, strict=True)]

    def _as_encoder_expects(self, picture: Tensor) -> Tensor:
        return (picture - self.encoder_mean) / self.encoder_std

    def _run_encoder(self, pictures: Tensor) -> list[Tensor]:
        """The encoder's maps; no gradients pass through a frozen one."""
        if self._frozen:
            with torch.no_grad():
                still: list[Tensor] = self._frozen[0](pictures)
            return still
        maps: list[Tensor] = self.encoder(pictures)
        return maps

    def _pair(self, image: Tensor, background: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """The encoder's maps of both pictures: equal where these are."""
        count = image.shape[0]
        pictures = self._as_encoder_expects(torch.cat([image, background]))
        if self.encoder.training or self._frozen or not torch.is_grad_enabled():
            both = self._run_encoder(pictures)
            return [maps[:count] for maps in both], [maps[count:] for maps in both]
        with torch.no_grad():  # the shared weights learn from the composite: a third less work
            still = self._run_encoder(pictures[count:])
        return self._run_encoder(pictures[:count]), still

    def _compare(self, image: Tensor, background: Tensor) -> Tensor:
        """Every pixel of both pictures and their difference, (B, 9, H, W)."""
        # Ten times the difference, cut at 1: JPEG noise stays small, any visible change counts.
        change = (10 * (image - background).abs()).clamp(max=1)
        normal_image = (image - self.image_mean) / self.image_std
        normal_background = (background - self.background_mean) / self.background_std
        return torch.cat([normal_image, normal_background, change], dim=1)
