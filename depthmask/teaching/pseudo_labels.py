"""Pseudo-labels: depth of photographs by an earlier state of the network, for want of a truth."""

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from depthmask.drawing.textures import Picture
from depthmask.models.device import autocast
from pipeline.depth.networks.lite_net import DenseDepthLite

_LONGEST = (192, 256, 352)
_MULTIPLE = 32
_CPU = torch.device("cpu")


def pseudo_label_photographs(
    network: DenseDepthLite, photographs: tuple[Picture, ...]
) -> tuple[NDArray[np.float16], ...]:
    """A nearness map float16 (h, w) in [0, 1] for each photograph uint8 (h, w, 3).

    The mean over three sizes and both mirrorings: a network is less consistent where it is wrong.
    """
    labels = []
    with torch.inference_mode(), autocast(_CPU):
        for picture in photographs:
            pixels = torch.from_numpy(picture.copy()).permute(2, 0, 1)  # (h, w, 3) -> (3, h, w)
            both = torch.stack([pixels, pixels.flip(-1)]).float() / 255
            both = both.contiguous(memory_format=torch.channels_last)
            height, width = picture.shape[:2]
            total = torch.zeros(height, width)
            for longest in _LONGEST:
                sides = [
                    max(96, round(side * longest / max(height, width) / _MULTIPLE) * _MULTIPLE)
                    for side in (height, width)
                ]
                small = F.interpolate(both, size=sides, mode="bilinear", antialias=True)
                maps = network(small).float()[:, None]  # (2, 1, h', w')
                grown = F.interpolate(maps, size=(height, width), mode="bilinear")
                total += (grown[0, 0] + grown[1, 0].flip(-1)) / 2
            labels.append((total / len(_LONGEST)).numpy().astype(np.float16))
    return tuple(labels)
