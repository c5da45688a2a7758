"""`evaluate`: a network's scores over a split, and which foreground is worst."""

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch

from depthmask.augmentation import Batch
from depthmask.checkpoint import read_checkpoint
from depthmask.data import SampleSource
from depthmask.device import autocast, choose_device
from depthmask.metrics import Sums, depth_scores, depth_sums, image_iou, mask_scores, mask_sums
from depthmask.systems.build import Network
from shards.depth import DepthCoding
from shards.errors import InputError, RunError
from shards.joined import AnyDataset
from shards.options import option, take_text_as_paths
from shards.reader import open_dataset


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class EvaluateOptions:
    """What `depthmask evaluate` and `depthmask.evaluate` take."""

    checkpoint: Path
    shards: Path | tuple[Path, ...] = option(
        help="Folder of the data set; several are read as one.", metavar="DIR"
    )
    split: str = option("val", "Split to evaluate: train or val.")
    batch_size: int = option(32, "Samples at once.")
    device: str = option("auto", "auto, cpu, cuda, cuda:1, ...")
    workers: int = option(2, "Threads that decode samples.")

    def __post_init__(self) -> None:
        """Take text as paths."""
        take_text_as_paths(self)


def require_numbers(maps: torch.Tensor) -> None:
    """RunError where a network answers with values that are no numbers."""
    if not bool(maps.isfinite().all()):
        raise RunError(
            "the network's answer",
            expected="numbers",
            found="values that are none",
            remedy="give another checkpoint: the weights of this one are too large",
        )


@torch.inference_mode()
def predictions(
    network: Network, batch: Batch, device: torch.device
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Mask probabilities and depth in [0, 1], float32 (B, S, S) each; None for a missing head."""
    with autocast(device):
        output = network(batch.image.to(device), batch.background.to(device))
    for maps in output:
        if maps is not None:
            require_numbers(maps)
    mask = None if output.mask is None else torch.sigmoid(output.mask.float())
    return tuple(
        None if maps is None else maps.squeeze(1).float().cpu().numpy()  # (B, 1, S, S) -> (B, S, S)
        for maps in (mask, output.depth)
    )  # type: ignore[return-value]


@dataclasses.dataclass(slots=True)
class Scores:
    """Sums over the samples seen, and IoU by foreground."""

    mask: Sums
    depth: Sums
    samples: int
    by_foreground: dict[str, list[float]]

    def to_json(self) -> dict[str, Any]:
        """{"samples", "mask": {...}, "depth": {...}}; a task without a head is left out."""
        found: dict[str, Any] = {"samples": self.samples}
        if self.mask.values:
            found["mask"] = mask_scores(self.mask)
            means = {name: float(np.mean(values)) for name, values in self.by_foreground.items()}
            worst = min(means, key=lambda name: means[name])
            found["mask"]["worst_foreground"] = {"name": worst, "iou": means[worst]}
            found["mask"]["by_foreground"] = dict(sorted(means.items()))
        if self.depth.values:
            found["depth"] = depth_scores(self.depth)
        return found


def score(
    network: Network,
    dataset: AnyDataset,
    source: SampleSource,
    positions: Iterator[np.ndarray],
    device: torch.device,
    coding: DepthCoding | None,
    tick: Callable[[int], None] = lambda samples: None,
) -> Scores:
    """The scores of a network over batches of positions; depth only where there are targets."""
    network.eval()
    scores = Scores(Sums(), Sums(), 0, {})
    for wanted in positions:
        batch = source.batch(wanted)
        mask, depth = predictions(network, batch, device)
        if mask is not None:
            target = batch.mask.squeeze(1).numpy()  # (B, 1, S, S) -> (B, S, S)
            scores.mask += mask_sums(mask, target)
            for position, iou in zip(wanted, image_iou(mask, target), strict=True):
                name = dataset[int(position)].info["foreground"]
                scores.by_foreground.setdefault(name, []).append(float(iou))
        if depth is not None and coding is not None:
            low, high = coding.offset, coding.offset + coding.scale * coding.largest
            scores.depth += depth_sums(depth, batch.depth.squeeze(1).numpy(), low, high)
        scores.samples += len(wanted)
        tick(len(wanted))
    return scores


def in_batches(positions: np.ndarray, size: int) -> Iterator[np.ndarray]:
    """`positions` in pieces of at most `size`."""
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


def evaluate(
    options: EvaluateOptions, tick: Callable[[int], None] = lambda samples: None
) -> dict[str, Any]:
    """{split: {"samples", "mask": {...}, "depth": {...}}} of a checkpoint on a data set.

    Pictures are brought to the side that the network was trained at. InputError for a depth-only
    network on a data set without depth, or with another depth coding.
    """
    checkpoint = read_checkpoint(options.checkpoint)
    dataset = open_dataset(options.shards).split(options.split)
    if len(dataset) == 0:
        raise InputError(
            f"--split {options.split}",
            expected="a split with samples",
            found="none",
            remedy="evaluate the other split, or build with --val-fraction",
        )
    if checkpoint.coding is not None:
        require_depth(dataset, checkpoint.coding, checkpoint.spec.heads)
    device = choose_device(options.device)
    network = checkpoint.build().to(device)
    source = SampleSource(dataset, checkpoint.size, options.workers)
    batches = in_batches(np.arange(len(dataset)), options.batch_size)
    coding = checkpoint.coding if dataset.depth is not None else None
    scores = score(network, dataset, source, batches, device, coding, tick)
    return {options.split: scores.to_json()}


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
