"""One pass of a run's best network over val samples: what its report shows of single samples."""

from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from depthmask.data.batches import DecodedSamples
from depthmask.inference.evaluation import in_batches, predictions, require_depth
from depthmask.inference.sample_scores import SampleScore, score_each
from depthmask.models.checkpoint import Checkpoint, read_checkpoint
from depthmask.models.device import choose_device
from depthmask.recipes.sizes import with_shorter_side
from depthmask.reports.dataset_survey import spread
from depthmask.reports.embedded_pictures import embed_depth, embed_image, embed_mask
from shards.base.errors import InputError
from shards.pixels.depth_coding import DepthCoding
from shards.places.place import place_of
from shards.reading.concat import AnyDataset
from shards.reading.open import open_dataset

SURVEYED = 300
SHOWN = 6
_AT_ONCE = 16


def survey_run(checkpoint: Path, folders: list[str]) -> dict[str, Any]:
    """What the template shows of val samples: `best`, `worst`, tables; or `fault`, why it cannot.

    The data sets are looked for where they were when the run was trained. An address is opened
    only if this user has opened it before: the run may be a stranger's.
    """
    try:
        for folder in folders:
            place = place_of(folder)
            if not place.is_known():
                return {"fault": f"{place} was never opened here, and a report opens no address"}
        network = read_checkpoint(checkpoint)
        dataset = open_dataset([Path(folder) for folder in folders]).split("val")
        if network.coding is not None:
            require_depth(dataset, network.coding, network.spec.heads)
    except InputError as error:
        return {"fault": str(error)}
    if len(dataset) == 0:
        return {"fault": "the data set has no val split"}
    size = with_shorter_side(dataset.size, min(network.size))
    source = DecodedSamples(dataset, size, workers=2)
    scored = _score_each(network, dataset, source)
    ranked = sorted(scored, key=lambda sample: (-sample.quality, sample.position))
    shown = min(SHOWN, len(ranked) // 2) or 1
    return {
        "fault": None,
        "surveyed": len(scored),
        "samples": len(dataset),
        "best": [_card(network, dataset, source, sample) for sample in ranked[:shown]],
        "worst": [_card(network, dataset, source, sample) for sample in ranked[: -shown - 1 : -1]],
        "foregrounds": _table(scored, lambda sample: sample.foregrounds),
        "backgrounds": _table(scored, lambda sample: (sample.background,)),
    }


def _score_each(
    network: Checkpoint, dataset: AnyDataset, source: DecodedSamples
) -> list[SampleScore]:
    device = choose_device("auto")
    built = network.build().to(device)
    scored: list[SampleScore] = []
    for positions in in_batches(np.array(spread(len(dataset), SURVEYED)), _AT_ONCE):
        batch = source.batch(positions)
        mask, depth = predictions(built, batch, device, network.precision)
        coded = depth if dataset.depth is not None else None
        scored += score_each(dataset, positions, batch, mask, coded)
    return scored


def _card(
    network: Checkpoint, dataset: AnyDataset, source: DecodedSamples, sample: SampleScore
) -> dict[str, Any]:
    device = choose_device("cpu")
    batch = source.batch([sample.position])
    mask, depth = predictions(network.build(), batch, device, network.precision)
    pictures = [("composite", embed_image(_bytes(batch.image[0].permute(1, 2, 0).numpy())))]
    if mask is not None:
        pictures.append(("true mask", embed_mask(_bytes(batch.mask[0, 0].numpy()))))
        pictures.append(("predicted mask", embed_mask(_bytes(mask[0]))))
    if depth is not None and network.coding is not None:
        if dataset.depth is not None:
            target = batch.depth[0, 0].numpy()
            pictures.append(("depth target", _depth_picture(target, network.coding)))
        pictures.append(("predicted depth", _depth_picture(depth[0], network.coding)))
    scores = [f"IoU {sample.iou:.3f}"] if sample.iou is not None else []
    scores += [f"depth RMSE {sample.rmse:.3f}"] if sample.rmse is not None else []
    return {
        "key": dataset[sample.position].key,
        "foreground": ", ".join(sample.foregrounds) or "no named object",
        "background": sample.background,
        "scores": ", ".join(scores),
        "pictures": pictures,
        "size": source.size,
    }


def _bytes(unit: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.ascontiguousarray(np.rint(np.clip(unit, 0, 1) * 255).astype(np.uint8))


def _depth_picture(unit: NDArray[np.float32], coding: DepthCoding) -> str:
    return embed_depth(np.ascontiguousarray(unit), coding, 0.0, 1.0)


def _table(
    scored: list[SampleScore], names_of: Callable[[SampleScore], tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """Rows of name, samples, mean IoU, mean RMSE; the worst first."""
    groups: dict[str, list[SampleScore]] = defaultdict(list)
    for sample in scored:
        for name in filter(None, names_of(sample)):
            groups[name].append(sample)
    ordered = sorted(groups.items(), key=lambda item: np.mean([s.quality for s in item[1]]))
    return [
        (name, str(len(group)), _mean([s.iou for s in group]), _mean([s.rmse for s in group]))
        for name, group in ordered
    ]


def _mean(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.3f}" if known else ""
