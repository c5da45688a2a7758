"""`evaluate`: a network's scores over a split, by what samples hold, and its worst.

A sample counts for each foreground and each category that it holds, with the IoU of its whole
mask; a sample without objects for its background alone.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

from depthmask.data.batch import Batch
from depthmask.data.batches import DecodedSamples
from depthmask.data.samples import Samples
from depthmask.inference.options import EvaluateOptions
from depthmask.inference.predictor import require_numbers
from depthmask.inference.run_card import note_scores
from depthmask.inference.sample_scores import SampleScore, score_each, worst_of, write_samples
from depthmask.inference.sheets import draw_sheet
from depthmask.losses.metrics import Sums, depth_scores, depth_sums, mask_scores, mask_sums
from depthmask.models.build import Network
from depthmask.models.checkpoint import checkpoint_file, read_checkpoint
from depthmask.models.device import autocast, choose_device
from depthmask.recipes.sizes import with_shorter_side
from shards.base.errors import InputError
from shards.base.files import write_atomic
from shards.pixels.depth_coding import DepthCoding
from shards.places.outputs import require_folder, writing
from shards.reading.concat import AnyDataset
from shards.reading.open import open_dataset


@torch.inference_mode()
def predictions(
    network: Network, batch: Batch, device: torch.device, precision: str
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Mask probabilities and depth in [0, 1], float32 (B, H, W) each; None for a missing head.

    `precision` is that of `train --precision`.
    """
    with autocast(device, precision):
        output = network(batch.image.to(device), batch.background.to(device))
    for maps in output:
        if maps is not None:
            require_numbers(maps)
    mask = None if output.mask is None else torch.sigmoid(output.mask)
    return tuple(
        None if maps is None else maps.squeeze(1).cpu().numpy()  # (B, 1, H, W) -> (B, H, W)
        for maps in (mask, output.depth)
    )  # type: ignore[return-value]


@dataclasses.dataclass(slots=True)
class Scores:
    """Sums over the samples seen, and IoU by what they hold."""

    mask: Sums = dataclasses.field(default_factory=Sums)
    depth: Sums = dataclasses.field(default_factory=Sums)
    samples: int = 0
    by_foreground: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    by_category: dict[str, list[float]] = dataclasses.field(default_factory=dict)
    by_background: dict[str, list[float]] = dataclasses.field(default_factory=dict)

    def add_iou(self, sample: SampleScore) -> None:
        """Count a sample's IoU, if it has one, for all that it shows and that has a name."""
        if sample.iou is None:
            return
        for found, names in (
            (self.by_foreground, sample.foregrounds),
            (self.by_category, sample.categories),
            (self.by_background, (sample.background,)),
        ):
            for name in filter(None, names):
                found.setdefault(name, []).append(sample.iou)

    def to_json(self) -> dict[str, Any]:
        """{"samples", "mask": {...}, "depth": {...}}; a task without a head is left out."""
        found: dict[str, Any] = {"samples": self.samples}
        if self.mask.values:
            found["mask"] = mask_scores(self.mask)
            for role, each in (
                ("foreground", self.by_foreground),
                ("category", self.by_category),
                ("background", self.by_background),
            ):
                means = {name: float(np.mean(values)) for name, values in sorted(each.items())}
                if means:
                    worst = min(means, key=lambda name: means[name])
                    found["mask"][f"worst_{role}"] = {"name": worst, "iou": means[worst]}
                    found["mask"][f"by_{role}"] = means
        if self.depth.values:
            found["depth"] = depth_scores(self.depth)
        return found


def score(
    network: Network,
    dataset: Samples,
    source: DecodedSamples,
    positions: Iterator[np.ndarray],
    device: torch.device,
    precision: str,
    coding: DepthCoding | None,
    tick: Callable[[int], None] = lambda samples: None,
    each: Callable[[SampleScore], None] = lambda sample: None,
) -> Scores:
    """The scores of a network over batches of positions; depth only where there are targets.

    `tick` is called with the number of samples scored, `each` with every sample's score.
    """
    network.eval()
    scores = Scores()
    for wanted in positions:
        batch = source.batch(wanted)
        mask, depth = predictions(network, batch, device, precision)
        coded = None if coding is None else depth
        if mask is not None:
            scores.mask += mask_sums(mask, batch.mask.squeeze(1).numpy())
        if coded is not None and coding is not None:
            low, high = coding.offset, coding.offset + coding.scale * coding.largest
            scores.depth += depth_sums(coded, batch.depth.squeeze(1).numpy(), low, high)
        for sample in score_each(dataset, wanted, batch, mask, coded):
            scores.add_iou(sample)
            each(sample)
        scores.samples += len(wanted)
        tick(len(wanted))
    return scores


def in_batches(positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """`positions` in pieces of at most `size`."""
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


def evaluate(
    options: EvaluateOptions, tick: Callable[[int, int], None] = lambda done, total: None
) -> dict[str, Any]:
    """{split: {"samples", "mask": {...}, "depth": {...}}} of a checkpoint on a data set.

    Pictures are scaled to the shorter side that the network was trained at. With `out`, that
    folder holds scores.json, and SPLIT-samples.csv and SPLIT-worst.png for each split. A run keeps
    the scores of its best.pt in evaluated.json, for its card and its report. `tick` is called with
    the samples done, and with all there are. InputError for a depth-only network on a data set
    without depth, or with another depth coding.
    """
    if options.out is not None:
        require_folder(options.out)
    checkpoint = read_checkpoint(options.checkpoint)
    whole = open_dataset(options.shards)
    if checkpoint.coding is not None:
        require_depth(whole, checkpoint.coding, checkpoint.spec.heads)
    splits = {name: whole.split(name) for name in options.splits}
    splits = {name: dataset for name, dataset in splits.items() if len(dataset)}
    if not splits:
        raise InputError(
            f"--split {options.split}",
            expected="samples in it",
            found="none",
            remedy="evaluate another split, or build with --val-fraction or --test-fraction",
        )
    device = choose_device(options.device)
    network = checkpoint.build().to(device)
    coding = checkpoint.coding if whole.depth is not None else None
    done, total = 0, sum(map(len, splits.values()))

    def scored(samples: int) -> None:
        nonlocal done
        done += samples
        tick(done, total)

    size = with_shorter_side(whole.size, min(checkpoint.size))
    found = {}
    for name, dataset in splits.items():
        source = DecodedSamples(dataset, size, options.workers)
        batches = in_batches(np.arange(len(dataset)), options.batch_size)
        samples: list[SampleScore] = []
        keep = samples.append if options.out is not None else lambda sample: None
        scores = score(
            network, dataset, source, batches, device, checkpoint.precision, coding, scored, keep
        )
        found[name] = scores.to_json()
        if options.out is not None:
            worst = worst_of(samples, options.worst)
            positions = np.array([sample.position for sample in worst])
            batch = source.batch(positions)
            sheet = draw_sheet(batch, *predictions(network, batch, device, checkpoint.precision))
            with writing(options.out):
                write_samples(options.out, name, samples, sheet)
    if options.out is not None:
        with writing(options.out):
            write_atomic(options.out / "scores.json", json.dumps(found, indent=1).encode())
    note_scores(checkpoint_file(options.checkpoint), found)
    return found


def require_depth(dataset: AnyDataset, coding: DepthCoding, heads: str) -> None:
    """InputError unless a data set's depth is what a network with these heads was trained on."""
    path = dataset.members[0].path
    found = dataset.depth
    if found is None:
        if heads == "depth":
            raise InputError(
                f"--shards {path}",
                expected="a data set with depth, for a network that predicts depth alone",
                found="one built with --depth-model none",
                remedy="build it again with a depth model",
            )
        return
    ours, theirs = ((c.kind, c.unit, c.offset, c.scale * c.largest) for c in (coding, found))
    if ours != theirs:
        raise InputError(
            f"--shards {path}",
            expected=f"depth of kind {coding.kind} in {coding.unit} as the network was trained on",
            found=f"kind {found.kind} in {found.unit}, range {found.offset} to "
            f"{found.offset + found.scale * found.largest}",
            remedy="evaluate on a data set made with the same depth model",
        )
