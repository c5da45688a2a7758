"""What became of single samples: their scores, their order, a table of them."""

import csv
import dataclasses
import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from depthmask.data.batch import Batch
from depthmask.data.samples import Samples
from depthmask.losses.metrics import image_iou
from shards.base.files import write_atomic
from shards.pixels.picture_files import write_png


@dataclasses.dataclass(frozen=True, kw_only=True, slots=True)
class SampleScore:
    """A sample's scores: mask IoU at 0.5, depth RMSE in [0, 1]; None without such a head.

    A score is that of the whole sample: of all foregrounds and categories that it holds, each
    named once; of none where the sample has no objects, or nobody named them.
    """

    position: int
    key: str
    foregrounds: tuple[str, ...]
    categories: tuple[str, ...]
    background: str
    iou: float | None
    rmse: float | None

    @property
    def quality(self) -> float:
        """What best and worst go by: IoU, or depth where there is no mask."""
        return self.iou if self.iou is not None else -(self.rmse or 0.0)


def score_each(
    dataset: Samples,
    positions: Sequence[int] | NDArray[np.int64],
    batch: Batch,
    mask: NDArray[np.float32] | None,
    depth: NDArray[np.float32] | None,
) -> Iterator[SampleScore]:
    """The scores of each sample of a batch; predictions (B, H, W) in [0, 1], None for no head."""
    ious = None if mask is None else image_iou(mask, batch.mask.squeeze(1).numpy())
    errors = None
    if depth is not None:
        differences = depth - batch.depth.squeeze(1).numpy()  # (B, H, W)
        errors = np.sqrt((differences**2).mean((1, 2)))
    for row, position in enumerate(positions):
        sample = dataset[int(position)]
        yield SampleScore(
            position=int(position),
            key=sample.key,
            foregrounds=_names(each.foreground for each in sample.objects),
            categories=_names(each.category for each in sample.objects),
            background=sample.background_name,
            iou=None if ious is None else float(ious[row]),
            rmse=None if errors is None else float(errors[row]),
        )


def _names(names: Iterable[str]) -> tuple[str, ...]:
    """Each name that is not empty once, in order."""
    return tuple(dict.fromkeys(name for name in names if name))


def worst_of(samples: Sequence[SampleScore], count: int) -> list[SampleScore]:
    """Up to `count` samples, the worst first; of equal ones the earlier."""
    return sorted(samples, key=lambda sample: (sample.quality, sample.position))[:count]


def write_samples(
    folder: Path, split: str, samples: Sequence[SampleScore], sheet: NDArray[np.uint8]
) -> None:
    """Write SPLIT-samples.csv, the worst first, and SPLIT-worst.png, uint8 (H, W, 3)."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["key", "foregrounds", "categories", "background", "iou", "rmse"])
    for each in worst_of(samples, len(samples)):
        held = ("; ".join(names) for names in (each.foregrounds, each.categories))
        writer.writerow([each.key, *held, each.background, each.iou, each.rmse])
    folder.mkdir(parents=True, exist_ok=True)
    write_atomic(folder / f"{split}-samples.csv", stream.getvalue().encode())
    write_png(folder / f"{split}-worst.png", sheet)
