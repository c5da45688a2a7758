"""How far masks can be found at all: IoU where each foreground's own colours are known.

    python tests/benchmarks/mask_ceiling.py --shards SHARDS [--samples 320]

A pixel is I = a F + (1 - a) B. A network that sees I and B has to find F before it knows a. Here F
is taken from the truth (alpha times colour, over 3 x 3 pixels), and a is the point of the line
from B to F nearest to I; the inside of solid things and the empty outside are taken for known, too.
What is left is noise of JPEG, and what changes between neighbours: a network that has to guess F
gets past that only where it knows the shape. Beside it the two cues of opacity that need no truth,
and the soft pixels to a solid one. Prints a Markdown table.
"""

import argparse
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples
from depthmask.losses.metrics import image_iou
from depthmask.models.layers import window_means, window_minima
from depthmask.models.opacity import find_opacity_cues, opacity_of_colour
from shards.reading.open import open_dataset

_BATCH = 16
_EMPTY, _SOLID = 1 / 255, 0.98
"""A truth below, and one above all around a pixel, that the mask is given for nothing."""


def known_colour_mask(batch: Batch) -> Tensor:
    """Alpha (B, 1, S, S) of the colours that the true alpha gives, over 3 x 3 pixels."""
    alpha = batch.mask
    weighed = batch.image - (1 - alpha) * batch.background  # alpha times colour, (B, 3, S, S)
    means = window_means(torch.cat([weighed, alpha + 1e-6], dim=1), 3)
    colour = (means[:, :3] / means[:, 3:]).clamp(0, 1)
    found = opacity_of_colour(batch.image, batch.background, colour)
    found = torch.where(window_minima(alpha, 3) > _SOLID, 1.0, found)
    return torch.where(alpha < _EMPTY, 0.0, found)


def score(batch: Batch) -> np.ndarray:
    """(B, 4): IoU of known colours, of the least and the strongest colour's cue; soft share."""
    cues, _ = find_opacity_cues(batch.image, batch.background)
    truth = batch.mask[:, 0].numpy()
    masks = (known_colour_mask(batch), cues[:, 0:1], cues[:, 1:2])
    soft = ((truth > 0.25) & (truth < 0.75)).sum((1, 2)) / np.maximum((truth > 0.5).sum((1, 2)), 1)
    return np.stack([*(image_iou(mask[:, 0].numpy(), truth) for mask in masks), soft], axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shards", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=320)
    arguments = parser.parse_args()
    dataset = open_dataset(arguments.shards)
    val = dataset.split("val")
    source = DecodedSamples(val, dataset.size, workers=1)
    chosen = np.linspace(0, len(val) - 1, min(arguments.samples, len(val))).astype(np.int64)
    rows = defaultdict(list)
    for begin in range(0, len(chosen), _BATCH):
        positions = chosen[begin : begin + _BATCH]
        for position, scores in zip(positions, score(source.batch(positions)), strict=True):
            for each in val[int(position)].info["objects"]:
                rows[each["foreground"]].append(scores)
    print("| foreground | samples | colours known | least cue | strongest colour | soft pixels |")
    print("|---|---:|---:|---:|---:|---:|")
    each = [scores for group in rows.values() for scores in group]
    for name, group in [*sorted(rows.items()), ("mean", each)]:
        figures = " | ".join(f"{value:.3f}" for value in np.mean(group, axis=0))
        print(f"| {name} | {len(group)} | {figures} |")


if __name__ == "__main__":
    main()
