"""Reading decoded samples: ours, a bare loop over bytes in memory, and loaders of others.

All decode image, mask, depth and background with the same functions. Ours and the bare loop keep
decoded backgrounds, which many samples share; the others' samples hold their backgrounds.
"""

import importlib.util
import json
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from speed_material import Material

from shards.base.keys import sample_key
from shards.pixels.fields import DECODERS
from shards.reading.open import open_dataset

FIELDS = ("image.jpg", "mask.png", "depth.png16", "background.jpg")

Fields = dict[str, bytes]
Rate = Callable[[], float]
"""Reads some samples; how many a second."""


def timed(read: Callable[[], int]) -> float:
    """Samples a second of a loop that says how many it read."""
    begin = time.perf_counter()
    count = read()
    return count / (time.perf_counter() - begin)


def read_sample(sample: Any) -> None:
    """Decode all of one of our samples."""
    _ = sample.image, sample.mask, sample.depth_codes, sample.background


def ours(folder: Path, count: int) -> Rate:
    """The first train samples in order, from a data set that is opened anew."""

    def read() -> int:
        dataset = open_dataset(folder).split("train")
        for position in range(count):
            read_sample(dataset[position])
        dataset.close()
        return count

    return lambda: timed(read)


def bare(samples: list[Fields], names: list[str]) -> Rate:
    """Bytes in memory, decoded; each different background once."""

    def read() -> int:
        kept: dict[str, NDArray[Any]] = {}
        for fields, name in zip(samples, names, strict=True):
            for field in FIELDS[:-1]:
                DECODERS[field](fields[field])
            if name not in kept:
                kept[name] = DECODERS["background.jpg"](fields["background.jpg"])
        return len(samples)

    return lambda: timed(read)


def decode_all(stored: dict[str, Any]) -> None:
    """Decode what another loader gave."""
    for field in FIELDS:
        DECODERS[field](stored[field])


def of_webdataset(material: Material, samples: list[Fields]) -> Rate:
    """Stock webdataset over tar shards of 1,000."""
    import webdataset

    folder = material.out / "peer-webdataset"
    if not folder.exists():
        folder.mkdir()
        for first in range(0, len(samples), 1000):
            with webdataset.TarWriter(str(folder / f"{first:06d}.tar")) as writer:
                for position, fields in enumerate(samples[first : first + 1000], first):
                    kept = {field: fields[field] for field in FIELDS}
                    writer.write({"__key__": sample_key("train", position), **kept})
    shards = [str(path) for path in sorted(folder.glob("*.tar"))]

    def read() -> int:
        return drained(webdataset.WebDataset(shards, shardshuffle=False))

    return lambda: timed(read)


def of_litdata(material: Material, samples: list[Fields]) -> Rate:
    """litdata's StreamingDataset over chunks of bytes, each field an entry."""
    import litdata

    folder = material.out / "peer-litdata"
    if not folder.exists():
        inputs = material.out / "peer-litdata-inputs"
        inputs.mkdir(exist_ok=True)
        for position, fields in enumerate(samples):
            (inputs / f"{position:06d}.json").write_text(
                json.dumps({field: fields[field].hex() for field in FIELDS})
            )
        litdata.optimize(
            fn=unpack_input,
            inputs=[str(path) for path in sorted(inputs.iterdir())],
            output_dir=str(folder),
            chunk_bytes="64MB",
            num_workers=1,
        )
        shutil.rmtree(inputs)
    dataset = litdata.StreamingDataset(str(folder))

    def read() -> int:
        return drained(dataset)

    return lambda: timed(read)


def unpack_input(path: str) -> dict[str, bytes]:
    """A sample for litdata, which takes files."""
    stored = json.loads(Path(path).read_text())
    return {field.replace(".", "_"): bytes.fromhex(stored[field]) for field in FIELDS}


def of_mosaic(material: Material, samples: list[Fields]) -> Rate:
    """mosaicml-streaming's StreamingDataset over MDS shards of bytes."""
    import streaming

    folder = material.out / "peer-mosaic"
    if not folder.exists():
        columns = dict.fromkeys(FIELDS, "bytes")
        with streaming.MDSWriter(out=str(folder), columns=columns) as writer:
            for fields in samples:
                writer.write({field: fields[field] for field in FIELDS})
    dataset = streaming.StreamingDataset(local=str(folder), shuffle=False, batch_size=1)

    def read() -> int:
        return drained(dataset)

    return lambda: timed(read)


def drained(dataset: Iterable[dict[str, Any]]) -> int:
    """Decode everything of a loader; how many samples."""
    count = 0
    for stored in dataset:
        decode_all({name.replace("_", "."): value for name, value in stored.items()})
        count += 1
    return count


def importable(module: str) -> bool:
    """Whether a loader is installed here."""
    return importlib.util.find_spec(module) is not None


def at_random(folder: Path, count: int, seed: int) -> tuple[Rate, Rate]:
    """Image, mask and background of train samples drawn from all; and of as many in order."""
    total = len(open_dataset(folder).split("train"))
    drawn = np.random.default_rng(seed).choice(total, count, replace=False).tolist()
    begin = int(np.random.default_rng(seed + 1).integers(0, total - count))

    def read(positions: Iterable[int]) -> int:
        dataset = open_dataset(folder).split("train")
        for position in positions:
            sample = dataset[position]
            _ = sample.image, sample.mask, sample.background
        dataset.close()
        return count

    return (
        lambda: timed(lambda: read(drawn)),
        lambda: timed(lambda: read(range(begin, begin + count))),
    )
